# Reference values for tests/oracle/test_curves_fixtures.py: delayed entry, case weights, Nelson-Aalen, competing risks.
#
#   Rscript oracle/curves.R              (from the root of the project; needs survival and jsonlite)
#
# Reads the synthetic data sets of oracle/data, adds entry, weights and causes by rules of the row number that the test
# repeats, and writes oracle/fixtures/curves.json.

suppressPackageStartupMessages({ library(survival); library(jsonlite) })
options(warn = 2)
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)

read <- function(name) {
  data <- read.csv(file.path("oracle/data", name))
  data <- data[data$time >= 1, ]
  i <- seq_len(nrow(data)) - 1
  data$entry <- pmin((i * 37) %% 60, data$time - 1)
  data$whole <- 1 + i %% 3
  data$part <- 0.5 + (i %% 4) / 4
  data$cause <- data$event * (1 + ((i * 7) %% 3 == 0))
  data$x <- ((i * 13) %% 17) / 17
  data
}

curve <- function(fit) {
  one <- function(k) list(time = fit$time[k], at_risk = fit$n.risk[k], survival = fit$surv[k],
                          sigma = fit$std.err[k], hazard = fit$cumhaz[k], hazard_se = fit$std.chaz[k],
                          lower = fit$lower[k], upper = fit$upper[k])
  ends <- cumsum(fit$strata); starts <- ends - fit$strata + 1
  out <- Map(function(a, b) one(a:b), starts, ends)
  names(out) <- sub("arm=", "", names(fit$strata))
  out
}

cox <- function(formula, data, ties) {
  fit <- coxph(formula, data, ties = ties, control = control)
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), loglik = fit$loglik, score = fit$score)
}

truncated <- function(data) {
  delayed <- Surv(data$entry, data$time, data$event) ~ arm
  stratified <- Surv(entry, time, event) ~ arm + strata(stratum)
  list(
    curve = curve(survfit(delayed, data, conf.type = "log-log")),
    harrington = curve(survfit(delayed, data, stype = 2, conf.type = "log")),
    cox = sapply(c("efron", "breslow"), function(t) cox(stratified, data, t), simplify = FALSE)
  )
}

weighted <- function(data, name) {
  data$w <- data[[name]]
  list(curve = curve(survfit(Surv(time, event) ~ arm, data, weights = w, conf.type = "plain", robust = FALSE)),
       breslow = { fit <- coxph(Surv(time, event) ~ arm + strata(stratum), data, weights = w, ties = "breslow",
                                control = control)
                   list(coef = unname(coef(fit)), se = unname(sqrt(diag(if (is.null(fit$naive.var)) fit$var else fit$naive.var)))) })
}

competing <- function(data) {
  data$ends <- factor(data$cause, 0:2, c("censored", "one", "two"))
  fit <- survfit(Surv(time, ends) ~ arm, data)
  at <- summary(fit, times = c(60, 150, 250), extend = TRUE)
  gray <- function(ties, cause) {
    long <- finegray(Surv(time, ends) ~ arm + x, data, etype = cause)
    fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ arm + x, long, weights = fgwt, ties = ties, control = control)
    list(coef = unname(coef(fit)), naive = unname(sqrt(diag(fit$naive.var))))
  }
  list(
    arms = sub("arm=", "", as.character(at$strata)), time = at$time,
    incidence = at$pstate[, 2:3], se = at$std.err[, 2:3],
    fine_gray = sapply(c("one", "two"), function(k)
      sapply(c("efron", "breslow"), function(t) gray(t, k), simplify = FALSE), simplify = FALSE),
    cause_specific = sapply(c(one = 1, two = 2), function(k) cox(Surv(time, cause == k) ~ arm, data, "efron"),
                            simplify = FALSE)
  )
}

cases <- lapply(c("scans.csv", "weeks.csv", "three.csv"), function(name) {
  data <- read(name)
  list(data = name, delayed = truncated(data), whole = weighted(data, "whole"), part = weighted(data, "part"),
       competing = competing(data))
})
made_by <- list(R = R.version.string, survival = as.character(packageVersion("survival")))
json <- toJSON(list(made_by = made_by, cases = cases), digits = NA, auto_unbox = TRUE, na = "string", pretty = FALSE)
writeLines(gsub('("(data|delayed|whole|part|competing)":)', '\n\\1', json), "oracle/fixtures/curves.json")
