# Reference values for tests/oracle/test_counts_fixtures.py: proportions, two-by-two tables in strata, rates.
#
#   Rscript oracle/counts.R              (from the root of the project; base R and jsonlite)
#
# Where base R finds a root coarsely (conditional odds ratios: uniroot's default tolerance) or has no function (score
# limits) the defining equation is solved here: conditional odds ratios from dhyper, restricted proportions from the
# score of the likelihood instead of the closed form. Writes oracle/fixtures/counts.json.

suppressPackageStartupMessages(library(jsonlite))
options(warn = 1)
root <- function(f, low, high) uniroot(f, c(low, high), tol = 1e-15, maxiter = 1000)$root

one <- function(x, n, level, share) {
  tail <- (1 - level) / 2
  list(x = x, n = n, level = level, share = share,
       clopper_pearson = as.numeric(binom.test(x, n, conf.level = level)$conf.int),
       wilson = as.numeric(suppressWarnings(prop.test(x, n, conf.level = level, correct = FALSE))$conf.int),
       jeffreys = c(if (x > 0) qbeta(tail, x + .5, n - x + .5) else 0, if (x < n) qbeta(1 - tail, x + .5, n - x + .5) else 1),
       p = binom.test(x, n, share)$p.value)
}

# the distribution of the total of x1 given all margins: log weights over its support
weights <- function(t) {
  density <- 1; first <- 0
  for (k in seq_len(nrow(t))) {
    events <- t[k, 1] + t[k, 3]
    support <- max(0, events - t[k, 4]):min(t[k, 2], events)
    own <- dhyper(support, t[k, 2], t[k, 4], events)
    joint <- rep(0, length(density) + length(own) - 1)
    for (i in seq_along(own)) { at <- i:(i + length(density) - 1); joint[at] <- joint[at] + own[i] * density }
    density <- joint; first <- first + min(support)
  }
  list(total = first + seq_along(density) - 1, log = log(density))
}

conditional <- function(t, level) {
  w <- weights(t); seen <- sum(t[, 1]); tail <- (1 - level) / 2
  at <- function(b) { d <- w$log + b * w$total; d <- exp(d - max(d)); d / sum(d) }
  mean_at <- function(b) sum(at(b) * w$total) - seen
  above <- function(b) sum(at(b)[w$total >= seen]) - tail
  below <- function(b) sum(at(b)[w$total <= seen]) - tail
  exp(c(root(mean_at, -15, 15), root(above, -15, 15), root(below, -15, 15)))
}

# most likely p2 when p1 = p2 + delta, and when p1 = ratio * p2: zero of the score, which falls
restricted <- function(x1, n1, x2, n2, first, slope, low, high) {
  score <- function(q) {
    p <- first(q)
    slope * (x1 / p - (n1 - x1) / (1 - p)) + x2 / q - (n2 - x2) / (1 - q)
  }
  ends <- c(low, high) + c(1e-13, -1e-13)
  # where the score does not change its sign the likelihood is largest at an end
  q <- if (score(ends[1]) <= 0) low else if (score(ends[2]) >= 0) high else root(score, ends[1], ends[2])
  c(first(q), q)
}

variance_of_difference <- function(t, delta) {
  r <- restricted(t[1], t[2], t[3], t[4], function(q) q + delta, 1, max(0, -delta), min(1, 1 - delta))
  n <- t[2] + t[4]
  n / (n - 1) * (r[1] * (1 - r[1]) / t[2] + r[2] * (1 - r[2]) / t[4])
}

score_difference <- function(t, share, z) {
  d <- t[, 1] / t[, 2] - t[, 3] / t[, 4]
  found <- sum(share * d)
  gap <- function(delta) {
    v <- vapply(seq_len(nrow(t)), function(k) variance_of_difference(t[k, ], delta), 0)
    (found - delta)^2 - z^2 * sum(share^2 * v)
  }
  c(found, root(gap, -0.999, found), root(gap, found, 0.999))
}

score_ratio <- function(t, z, factor) {
  gap <- function(log_ratio) {
    ratio <- exp(log_ratio)
    r <- restricted(t[1], t[2], t[3], t[4], function(q) ratio * q, ratio, 0, min(1, 1 / ratio))
    v <- r[1] * (1 - r[1]) / t[2] + ratio^2 * r[2] * (1 - r[2]) / t[4]
    (t[1] / t[2] - ratio * t[3] / t[4])^2 - factor * z^2 * v
  }
  center <- log(t[1] / t[2] / (t[3] / t[4]))
  exp(c(root(gap, center - 4, center), root(gap, center, center + 4)))
}

two <- function(x1, n1, x2, n2, level) {
  t <- matrix(c(x1, n1, x2, n2), 1); z <- qnorm((1 + level) / 2); n <- n1 + n2
  square <- matrix(c(x1, n1 - x1, x2, n2 - x2), 2)
  list(counts = as.numeric(t), level = level,
       difference = score_difference(t, 1, z),
       wald = as.numeric(suppressWarnings(prop.test(c(x1, x2), c(n1, n2), conf.level = level, correct = FALSE))$conf.int),
       koopman = score_ratio(t[1, ], z, 1), ratio = score_ratio(t[1, ], z, n / (n - 1)),
       odds = conditional(t, level), fisher = fisher.test(square)$p.value,
       chi = unname(suppressWarnings(chisq.test(square, correct = FALSE))$statistic),
       yates = unname(suppressWarnings(chisq.test(square, correct = TRUE))$statistic))
}

strata <- function(x1, n1, x2, n2, level) {
  t <- cbind(x1, n1, x2, n2); z <- qnorm((1 + level) / 2)
  cube <- array(rbind(x1, n1 - x1, x2, n2 - x2), c(2, 2, length(x1)))
  plain <- mantelhaen.test(cube, correct = FALSE, conf.level = level)
  mh <- n1 * n2 / (n1 + n2)
  list(x1 = x1, n1 = n1, x2 = x2, n2 = n2, level = level,
       cmh = unname(plain$statistic), corrected = unname(mantelhaen.test(cube)$statistic),
       odds = c(unname(plain$estimate), as.numeric(plain$conf.int)),
       exact_p = mantelhaen.test(cube, exact = TRUE)$p.value, exact = conditional(t, level),
       mantel_haenszel = score_difference(t, mh / sum(mh), z),
       sample_size = score_difference(t, (n1 + n2) / sum(n1 + n2), z))
}

rates <- function(x1, t1, x2, t2, level) {
  ratio <- poisson.test(c(x1, x2), c(t1, t2), conf.level = level)
  list(counts = c(x1, t1, x2, t2), level = level,
       rate = as.numeric(poisson.test(x1, t1, conf.level = level)$conf.int),
       ratio = as.numeric(ratio$conf.int), p = ratio$p.value)
}

found <- list(
  software = R.version.string,
  one = list(one(3, 17, .95, .25), one(0, 45, .9, .05), one(211, 212, .99, .98), one(1250, 40000, .95, .03), one(45, 45, .8, .9)),
  two = list(two(3, 17, 9, 21, .95), two(64, 135, 6, 60, .95), two(41, 50, 45, 52, .8), two(2, 300, 11, 290, .99),
             two(812, 1500, 601, 1400, .95), two(5, 9, 1, 12, .9)),
  strata = list(strata(c(3, 12, 30, 1), c(10, 40, 61, 9), c(2, 9, 11, 4), c(9, 37, 60, 12), .95),
                strata(c(64, 20), c(135, 80), c(6, 5), c(60, 33), .9),
                strata(c(1, 0, 2, 3, 1, 4, 2), c(4, 3, 5, 6, 2, 7, 4), c(0, 1, 1, 2, 1, 1, 0), c(3, 4, 5, 5, 3, 6, 4), .95)),
  rates = list(rates(17, 120.5, 30, 99.25, .95), rates(1, 3, 12, 7.5, .9), rates(420, 1e4, 380, 8.5e3, .99))
)
write_json(found, "oracle/fixtures/counts.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
