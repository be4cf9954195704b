# Reference values for tests/oracle/test_competing_fixtures.py: subdistribution hazards in strata, and cumulative
# incidence with delayed entry and case weights.
#
#   Rscript oracle/competing.R    (from the root of the project; Debian: r-cran-survival, r-cran-mets, r-cran-jsonlite)
#
# Reads oracle/data/three.csv and adds causes, a covariate, entries and weights made of the row number; all columns
# stand in oracle/fixtures/competing.json. Coefficients and naive errors: coxph in strata on finegray data in strata.
# Robust errors, which allow for the estimated weights: mets::cifreg, on times without ties. Incidence: the product
# integral written out, its covariance by Kronecker products (Andersen, Borgan, Gill and Keiding 1993, section
# IV.4.1.3), held to survfit where that has the same estimate.

suppressPackageStartupMessages({ library(survival); library(jsonlite); library(mets) })
options(warn = 1)

made <- function() {
  d <- read.csv("oracle/data/three.csv")
  i <- seq_len(nrow(d))
  data.frame(id = i, time = d$time, cause = ifelse(d$event == 1, 1 + ((i * 7) %% 3 == 0), 0), arm = d$arm,
             stratum = d$stratum, x = ((i * 13) %% 17) / 10,
             entry = pmin(d$time - 1, (i * 11) %% 60), weight = 1 + (i * 5) %% 3, share = 0.5 + (i %% 4) / 8)
}
with_status <- function(d) transform(d, status = factor(cause, 0:2, c("censored", "one", "two")))

subdistribution <- function(d, ties) {
  long <- finegray(Surv(time, status) ~ arm + x + stratum + strata(stratum), data = with_status(d), etype = "one")
  fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ arm + x + strata(stratum), data = long, weights = fgwt, ties = ties,
               robust = FALSE, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 60))
  list(coef = unname(coef(fit)), naive_se = unname(sqrt(diag(vcov(fit)))), loglik = fit$loglik)
}

robust <- function(d) {
  fit <- cifreg(Event(time, cause) ~ arm + x + strata(stratum), data = d, cause = 1,
                cens.model = ~ strata(stratum), propodds = NULL)
  list(coef = as.numeric(fit$coef), robust_se = as.numeric(sqrt(diag(fit$var))))
}

incidence <- function(d, weight) {
  days <- sort(unique(d$time[d$cause > 0]))
  p <- diag(3); v <- matrix(0, 9, 9); out <- NULL
  for (day in days) {
    y <- sum(weight[d$time >= day & d$entry < day])
    e <- sapply(1:2, function(k) sum(weight[d$time == day & d$cause == k]))
    step <- rbind(c(-sum(e), e) / y, 0, 0)
    moves <- rbind(c(-1, -1), diag(2))               # of the first row of the step, from the two causes
    row <- moves %*% ((diag(e * y, 2) - outer(e, e)) / y^3) %*% t(moves)
    own <- matrix(0, 9, 9); own[c(1, 4, 7), c(1, 4, 7)] <- row
    forward <- kronecker(t(diag(3) + step), diag(3))
    v <- forward %*% v %*% t(forward) + kronecker(diag(3), p) %*% own %*% t(kronecker(diag(3), p))
    p <- p %*% (diag(3) + step)
    out <- rbind(out, c(day, p[1, 2], sqrt(v[4, 4]), p[1, 3], sqrt(v[7, 7])))
  }
  colnames(out) <- c("day", "one", "one_se", "two", "two_se")
  as.data.frame(out)
}

checked <- function(d, counted, jackknife) {      # not called weight: survfit would take the column of that name
  found <- incidence(d, counted)
  fit <- survfit(Surv(entry, time, status) ~ 1, data = with_status(d), id = id, weights = counted)
  at <- match(found$day, fit$time)
  stopifnot(all.equal(unname(fit$pstate[at, 2:3]), unname(as.matrix(found[, c("one", "two")])), tolerance = 1e-12))
  if (jackknife)
    stopifnot(all.equal(unname(fit$std.err[at, 2:3]), unname(as.matrix(found[, c("one_se", "two_se")])), tolerance = 1e-9))
  found
}

cause_specific <- function(d) lapply(c(one = 1, two = 2), function(k) {
  fit <- coxph(Surv(entry, time, cause == k) ~ arm + strata(stratum), data = d, weights = weight, ties = "breslow",
               robust = FALSE, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 60))
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))))
})

d <- made()
no_ties <- transform(d, time = time + id / 1024)       # exact in binary
arms <- function(weight, from_start) lapply(split(seq_len(nrow(d)), d$arm), function(i) {
  part <- d[i, ]
  if (from_start) part$entry <- -1
  checked(part, weight[i], from_start && all(weight == 1))
})
found <- list(
  meta = list(software = list(R = R.version.string, survival = as.character(packageVersion("survival")),
                              mets = as.character(packageVersion("mets")))),
  columns = as.list(d), times_without_ties = no_ties$time,
  subdistribution = list(breslow = subdistribution(d, "breslow"), efron = subdistribution(d, "efron"),
                         `without ties` = c(subdistribution(no_ties, "breslow"), robust(no_ties))),
  incidence = list(plain = arms(rep(1, nrow(d)), TRUE), entry = arms(rep(1, nrow(d)), FALSE),
                   `entry and weight` = arms(d$weight, FALSE), share = arms(d$share, TRUE)),
  cause_specific = cause_specific(d)
)
stopifnot(all.equal(found$subdistribution$`without ties`$coef, robust(no_ties)$coef, tolerance = 1e-9))
json <- toJSON(found, digits = NA, auto_unbox = TRUE, dataframe = "columns", pretty = FALSE)
writeLines(gsub('("(columns|times_without_ties|subdistribution|incidence|plain|entry|entry and weight|share|cause_specific)":[{[])',
                '\n\\1', json), "oracle/fixtures/competing.json")
