# Reference values for tests/oracle/test_synthesis_fixtures.py: meta-analysis by R's metafor (Debian r-cran-metafor).
#
#   Rscript oracle/metafor.R             (from the root of the project; metafor, metadat and jsonlite)
#   Rscript oracle/metafor.R counts      (prints the two-by-two cases on metadat's counts as JSON, kept nowhere)
#
# Of the data sets that come with metadat only effect sizes, variances and moderators are written, with the two-by-two
# tables made up here; tests that need their counts run the second form. Iterations go on far beyond metafor's
# defaults (1e-5), which would leave errors of 1e-6 and more. Writes oracle/fixtures/metafor.json.

suppressPackageStartupMessages({library(metafor); library(jsonlite)})
options(warn = 1)
tight <- function(y) list(threshold = 1e-14 * max(1, var(y)), maxiter = 100000, tol = 1e-15 * max(1, var(y)))
quiet <- function(x) suppressWarnings(suppressMessages(x))
METHODS <- c("EE", "DL", "PM", "REML", "ML", "EB", "HE", "HS", "SJ")
TESTS <- c("z", "t", "knha", "adhoc")

# the maximum of a likelihood, looked for everywhere: Fisher scoring may stop at a lower one, or not at all
highest <- function(y, v, X, method) {
  ll <- function(t) {
    w <- 1 / (v + t); XWX <- crossprod(X, w * X)
    r <- y - X %*% solve(XWX, crossprod(X, w * y))
    sum(log(w)) - sum(w * r^2) - (if (method == "REML") c(determinant(XWX)$modulus) else 0)
  }
  grid <- c(0, exp(seq(log(min(v) * 1e-5), log(10 * (max(v) + var(y))), length.out = 2000)))
  values <- sapply(grid, ll); i <- which.max(values)
  if (i == 1) return(0)
  optimize(ll, grid[c(i - 1, min(i + 1, length(grid)))], maximum = TRUE, tol = 1e-12)$maximum
}

fitted <- function(y, v, method, test = "z", mods = NULL) {
  arguments <- list(yi = y, vi = v, method = method, test = test, control = tight(y))
  if (!is.null(mods)) arguments$mods <- mods
  r <- tryCatch(quiet(do.call(rma.uni, arguments)), error = function(e) NULL)
  X <- if (is.null(mods)) matrix(1, length(y)) else cbind(1, mods)
  if (method %in% c("REML", "ML")) {
    best <- highest(y, v, X, method)
    # the optimizer knows the place to 1e-8, enough to tell the maxima apart, not to replace the iteration
    if (is.null(r) || abs(r$tau2 - best) > 1e-5 * max(1, best)) stop(paste("no convergence:", method, "tau2", best))
  }
  if (is.null(r)) stop(paste("no convergence:", method))
  r
}

pooled <- function(y, v, method, test) {
  r <- fitted(y, v, method, test); k <- length(y)
  spread <- sqrt(r$tau2 + r$se^2)
  pi <- function(q) c(r$beta) + c(-1, 1) * q * spread
  list(method = method, test = test, estimate = c(r$beta), se = r$se, lower = r$ci.lb, upper = r$ci.ub,
       statistic = r$zval, p = r$pval, tau2 = r$tau2, q = r$QE, q_p = r$QEp, i2 = r$I2 / 100, h2 = r$H2,
       weights = as.numeric(weights(r)) / 100,
       z = if (method != "EE") pi(qnorm(.975)), k1 = if (method != "EE") pi(qt(.975, k - 1)),
       k2 = if (method != "EE" && k > 2) pi(qt(.975, k - 2)))
}

profile <- function(y, v, level) {
  r <- fitted(y, v, "DL")
  # digits of the search: metafor's own root finder with its tolerance turned down
  found <- quiet(confint(r, level = level, control = list(tol = 1e-14 * max(1, var(y)), maxiter = 100000, tau2.max = 1e5 * var(y))))
  list(level = level / 100, empty = isTRUE(found$ci.null), tau2 = as.numeric(found$random[1, 2:3]),
       i2 = as.numeric(found$random[3, 2:3]) / 100)
}

regressed <- function(y, v, mods, method, test) {
  r <- fitted(y, v, method, test, mods)
  list(method = method, test = test, names = colnames(mods), estimate = c(r$beta), se = r$se, lower = r$ci.lb,
       upper = r$ci.ub, p = r$pval, tau2 = r$tau2, qm = r$QM, qm_p = r$QMp, qe = r$QE, i2 = r$I2 / 100,
       explained = if (is.null(r$R2)) NA else r$R2 / 100)
}

left_out <- function(y, v, method, test) {
  # one fit for each, since leave1out keeps the default tolerance
  lapply(seq_along(y), function(i) { p <- pooled(y[-i], v[-i], method, test); p[c("estimate", "se", "lower", "upper", "p", "tau2", "q", "i2")] })
}

cumulated <- function(y, v, method, test) {
  r <- fitted(y, v, method, test)
  lapply(2:length(y), function(i) { p <- pooled(y[1:i], v[1:i], method, test); p[c("estimate", "se", "lower", "upper", "p", "tau2")] })
}

influences <- function(y, v, method) {
  r <- fitted(y, v, method); i <- quiet(influence(r))$inf
  list(method = method, rstudent = i$rstudent, dffits = i$dffits, cook = i$cook.d, cov = i$cov.r,
       tau2 = i$tau2.del, qe = i$QE.del, weight = i$weight / 100, influential = quiet(influence(r))$is.infl)
}

small <- function(y, v) {
  r <- fitted(y, v, "REML")
  lm <- regtest(y, v, model = "lm"); re <- quiet(regtest(r, model = "rma", predictor = "sei"))
  rank <- quiet(ranktest(y, v))
  filled <- list()
  for (side in c("left", "right")) for (rule in c("L0", "R0", "Q0")) {
    t <- tryCatch(quiet(trimfill(fitted(y, v, "DL"), side = side, estimator = rule)), error = function(e) NULL)
    if (!is.null(t)) filled[[length(filled) + 1]] <-
      list(side = side, rule = rule, missing = t$k0, se = t$se.k0, estimate = c(t$beta), tau2 = t$tau2)
  }
  list(slope = coef(lm$fit)[[2]],
       lm = list(test = c(lm$zval, lm$pval), limit = c(lm$est, lm$ci.lb, lm$ci.ub)),
       re = list(test = c(re$zval, re$pval), limit = c(re$est, re$ci.lb, re$ci.ub)),
       rank = list(tau = unname(rank$tau), p = rank$pval), auto = quiet(trimfill(r))$side, filled = filled)
}

case <- function(name, y, v, mods = list(), more = length(y) >= 5) {
  y <- as.numeric(y); v <- as.numeric(v)
  grid <- expand.grid(test = TESTS, method = METHODS, stringsAsFactors = FALSE)
  grid <- grid[!(grid$method == "EE" & grid$test %in% c("knha", "adhoc")), ]
  list(name = name, y = y, v = v,
       pooled = Map(function(m, t) pooled(y, v, m, t), grid$method, grid$test, USE.NAMES = FALSE),
       profile = lapply(c(95, 80), function(l) profile(y, v, l)),
       moderators = mods,
       regressed = unlist(lapply(names(mods), function(set) {
         x <- as.matrix(as.data.frame(mods[[set]]))
         colnames(x) <- names(mods[[set]])
         Map(function(m, t) c(list(set = set), regressed(y, v, x, m, t)), grid$method, grid$test, USE.NAMES = FALSE)
       }), recursive = FALSE),
       left_out = if (length(y) > 2) list(z = left_out(y, v, "REML", "z"), knha = left_out(y, v, "DL", "knha")),
       cumulated = list(z = cumulated(y, v, "REML", "z"), knha = cumulated(y, v, "DL", "knha")),
       influence = if (more) list(influences(y, v, "REML"), influences(y, v, "PM")),
       small = if (more) small(y, v))
}

counted <- function(name, x1, n1, x2, n2) {
  one <- function(measure) {
    r <- quiet(rma.mh(ai = x1, n1i = n1, ci = x2, n2i = n2, measure = measure))
    list(measure = measure, estimate = c(r$beta), se = r$se, lower = r$ci.lb, upper = r$ci.ub, z = r$zval, p = r$pval,
         q = r$QE, q_p = r$QEp)
  }
  peto <- quiet(rma.peto(ai = x1, n1i = n1, ci = x2, n2i = n2))
  own <- function(measure) { e <- quiet(escalc(measure, ai = x1, n1i = n1, ci = x2, n2i = n2, drop00 = TRUE)); k <- !is.na(e$yi); list(y = as.numeric(e$yi)[k], v = e$vi[k]) }
  list(name = name, x1 = x1, n1 = n1, x2 = x2, n2 = n2, mh = lapply(c("OR", "RR", "RD"), one),
       peto = list(estimate = c(peto$beta), se = peto$se, lower = peto$ci.lb, upper = peto$ci.ub, z = peto$zval, p = peto$pval, q = peto$QE, q_p = peto$QEp),
       own = list(OR = own("OR"), RR = own("RR"), RD = own("RD")))
}

if (identical(commandArgs(TRUE), "counts")) {
  b <- dat.bcg; y <- dat.yusuf1985
  tables <- lapply(c("6", "9", "10", "11"), function(t) { d <- y[y$table == t, ]; d <- d[complete.cases(d[, c("ai", "n1i", "ci", "n2i")]), ]; counted(paste("yusuf1985", t), d$ai, d$n1i, d$ci, d$n2i) })
  found <- c(list(counted("bcg", b$tpos, b$tpos + b$tneg, b$cpos, b$cpos + b$cneg)), tables)
  cat(toJSON(found, digits = NA, auto_unbox = TRUE, null = "null", na = "string"))
  quit(status = 0)
}

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
normand <- escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
raudenbush <- dat.raudenbush1985
yusuf <- dat.yusuf1985[dat.yusuf1985$table == "6", ]
yusuf <- summary(escalc("PETO", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = yusuf)); yusuf <- yusuf[!is.na(yusuf$yi), ]
factor_columns <- function(x) { l <- sort(unique(x))[-1]; setNames(lapply(l, function(a) as.numeric(x == a)), paste0("alloc=", l)) }
ratio <- function(hr, lower, upper, level) c(log(hr), ((log(upper) - log(lower)) / (2 * qnorm((1 + level) / 2)))^2)
trials <- rbind(ratio(.84, .66, 1.07, .95), ratio(.57, .39, .85, .95), ratio(.73, .57, .95, .95), ratio(1.11, .79, 1.55, .90))

found <- list(
  software = paste0("metafor ", packageVersion("metafor"), ", ", R.version.string),
  cases = list(
    case("bcg", bcg$yi, bcg$vi, list(one = list(ablat = bcg$ablat), two = list(ablat = bcg$ablat, year = bcg$year),
                                     factor = factor_columns(bcg$alloc))),
    case("normand1999", normand$yi, normand$vi),
    case("raudenbush1985", raudenbush$yi, raudenbush$vi, list(one = list(weeks = raudenbush$weeks),
                                                             two = list(weeks = raudenbush$weeks, year = raudenbush$year))),
    case("yusuf1985", yusuf$yi, yusuf$vi),
    case("rechallenge", trials[, 1], trials[, 2], list(group = list(switched = c(0, 1, 1, 0)))),
    case("same drug", trials[c(1, 4), 1], trials[c(1, 4), 2]),
    case("two apart", c(-.9, .4), c(.02, .05)),
    case("alike", c(.21, .20, .19, .205), c(.04, .09, .05, .16)),
    case("homogeneous", c(.1, .25, .02, .18, .14, .2), c(.04, .09, .05, .16, .03, .07)),
    case("scattered", c(-2, 5, .3, 8, -4, 1.5, 2.2), c(.01, .02, .5, .04, .3, .001, 1.2)),
    case("one precise", c(.5, -.1, .9, 1.3, -.4), c(1e-4, .3, .25, .5, .4))
  ),
  tables = list(
    counted("plain", c(20, 9, 30, 4), c(50, 12, 60, 14), c(8, 2, 10, 1), c(23, 6, 28, 5)),
    counted("zeros", c(0, 3, 5, 0, 12), c(40, 38, 60, 25, 90), c(2, 0, 9, 0, 20), c(41, 36, 62, 25, 45)),
    counted("rare", c(1, 0, 2, 1, 3), c(210, 180, 330, 95, 512), c(4, 2, 3, 0, 7), c(200, 190, 310, 99, 505))
  )
)
write_json(found, "oracle/fixtures/metafor.json", digits = I(13), auto_unbox = TRUE, null = "null")
