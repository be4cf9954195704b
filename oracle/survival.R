# Reference values for tests/oracle/test_survival_fixtures.py: Kaplan-Meier, log-rank and Cox by R's survival package.
#
#   Rscript oracle/survival.R            (from the root of the project; needs survival and jsonlite)
#
# Writes the synthetic data sets of oracle/data and the values of oracle/fixtures/survival.json. The public data sets
# are read from ../shared/oracle/data and are not copied: only estimates at fixed days are kept.

suppressPackageStartupMessages({ library(survival); library(jsonlite) })
options(warn = 1)
public <- "../shared/oracle/data"
own <- "oracle/data"
transforms <- c("plain", "log", "log-log", "logit", "arcsin")

write_synthetic <- function() {
  set.seed(20190401, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  make <- function(name, n, arms, hazard, strata, round_up) {
    arm <- sample(names(arms), n, TRUE, arms)
    stratum <- sample(strata, n, TRUE)
    latent <- rexp(n, hazard[arm])
    follow <- runif(n, 30, 900)
    time <- pmax(round_up(pmin(latent, follow)), 0)
    write.csv(data.frame(time, event = as.integer(latent <= follow), arm, stratum),
              file.path(own, name), row.names = FALSE, quote = FALSE)
  }
  two <- c(C = 1, E = 2); slow <- c(C = 1 / 120, E = 1 / 170)
  make("scans.csv", 198, two, slow, c("a", "b", "c", "d"), function(t) 56 * ceiling(t / 56))
  make("weeks.csv", 240, c(C = 1, E = 1), slow, c("a", "b"), function(t) 7 * floor(t / 7))
  make("days.csv", 600, two, slow, c("a", "b", "c", "d"), floor)
  make("months.csv", 90, c(C = 1, E = 1), slow, "a", function(t) t / 30.4375)
  make("three.csv", 150, c(A = 1, B = 1, C = 1), c(A = 1 / 100, B = 1 / 140, C = 1 / 200), c("a", "b", "c"), ceiling)
  make("small_strata.csv", 60, c(C = 1, E = 1), slow, sprintf("s%02d", 1:25), function(t) 14 * ceiling(t / 14))
  make("four_times.csv", 80, c(C = 1, E = 1), slow, c("a", "b", "c"), function(t) pmin(4, ceiling(t / 60)))
}

cases <- list(
  list(data = "veteran.csv", time = "time", event = "status", equals = 1, arm = "trt", strata = "celltype"),
  list(data = "lung.csv", time = "time", event = "status", equals = 2, arm = "sex", strata = "ph.ecog"),
  list(data = "ovarian.csv", time = "futime", event = "fustat", equals = 1, arm = "rx", strata = "resid.ds"),
  list(data = "colon_death.csv", time = "time", event = "status", equals = 1, arm = "rx", strata = c("sex", "node4")),
  list(data = "gbsg.csv", time = "rfstime", event = "status", equals = 1, arm = "hormon", strata = c("meno", "grade")),
  list(data = "aml.csv", time = "time", event = "status", equals = 1, arm = "x", strata = NULL),
  list(data = "kidney.csv", time = "time", event = "status", equals = 1, arm = "sex", strata = "disease"),
  list(data = "mgus2.csv", time = "futime", event = "death", equals = 1, arm = "sex", strata = NULL),
  list(data = "whas500.csv", time = "lenfol", event = "fstat", equals = 1, arm = "afb", strata = "gender"),
  list(data = "scans.csv", time = "time", event = "event", equals = 1, arm = "arm", strata = "stratum"),
  list(data = "weeks.csv", time = "time", event = "event", equals = 1, arm = "arm", strata = "stratum"),
  list(data = "days.csv", time = "time", event = "event", equals = 1, arm = "arm", strata = "stratum"),
  list(data = "months.csv", time = "time", event = "event", equals = 1, arm = "arm", strata = NULL),
  list(data = "three.csv", time = "time", event = "event", equals = 1, arm = "arm", strata = "stratum"),
  list(data = "small_strata.csv", time = "time", event = "event", equals = 1, arm = "arm", strata = "stratum"),
  list(data = "four_times.csv", time = "time", event = "event", equals = 1, arm = "arm", strata = "stratum")
)

read <- function(case) {
  folder <- if (file.exists(file.path(own, case$data))) own else public
  table <- read.csv(file.path(folder, case$data))
  used <- c(case$time, case$event, case$arm, case$strata)
  table <- table[complete.cases(table[, used]), ]
  if (is.null(case$strata)) table$.stratum <- factor("all")
  else table$.stratum <- interaction(table[, case$strata, drop = FALSE], drop = TRUE)
  data.frame(time = table[[case$time]], event = as.integer(table[[case$event]] == case$equals),
             arm = factor(table[[case$arm]]), stratum = table$.stratum)
}

known <- function(x) { x <- as.numeric(x); ifelse(is.finite(x), x, NA) }

curves <- function(d, days, level) {
  lapply(split(d, d$arm), function(arm) {
    by <- lapply(setNames(transforms, transforms), function(transform) {
      fit <- survfit(Surv(time, event) ~ 1, arm, conf.int = level, conf.type = transform)
      q <- quantile(fit, c(0.25, 0.5, 0.75))
      s <- summary(fit, times = days, extend = TRUE)
      list(quantile = known(q$quantile), lower = known(q$lower), upper = known(q$upper),
           rate_lower = known(s$lower), rate_upper = known(s$upper))
    })
    s <- summary(survfit(Surv(time, event) ~ 1, arm), times = days, extend = TRUE)
    reverse <- quantile(survfit(Surv(time, 1 - event) ~ 1, arm, conf.type = "log-log"), 0.5)
    list(n = nrow(arm), events = sum(arm$event), at_risk = s$n.risk, rate = known(s$surv), se = known(s$std.err),
         transforms = by, follow_up = known(c(reverse$quantile, reverse$lower, reverse$upper)))
  })
}

test <- function(d, stratified) {
  fit <- if (stratified) survdiff(Surv(time, event) ~ arm + strata(stratum), d) else survdiff(Surv(time, event) ~ arm, d)
  rows <- function(x) if (is.matrix(x)) rowSums(x) else x
  df <- length(fit$n) - 1
  list(observed = rows(fit$obs), expected = rows(fit$exp), variance = fit$var, chisq = fit$chisq, df = df,
       p = pchisq(fit$chisq, df, lower.tail = FALSE))
}

model <- function(d, ties, stratified, level) {
  formula <- if (stratified) Surv(time, event) ~ arm + strata(stratum) else Surv(time, event) ~ arm
  fit <- coxph(formula, d, ties = ties, control = coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100))
  z <- qnorm(1 - (1 - level) / 2); se <- sqrt(diag(fit$var)); b <- unname(coef(fit))
  list(coef = b, se = se, lower = exp(b - z * se), upper = exp(b + z * se), loglik = fit$loglik, score = fit$score,
       wald = as.numeric(fit$wald.test), lrt = 2 * diff(fit$loglik))
}

answer <- function(case, level = 0.95) {
  d <- read(case)
  days <- unique(signif(quantile(d$time, c(0, 0.1, 0.25, 0.5, 0.75, 0.9)), 2))
  strata <- !is.null(case$strata)
  list(data = case$data, time = case$time, event = case$event, equals = case$equals, arm = case$arm,
       strata = as.list(case$strata), level = level, days = I(unname(days)), arms = levels(d$arm),
       km = curves(d, days, level), log_rank = test(d, FALSE), log_rank_stratified = if (strata) test(d, TRUE),
       cox = lapply(setNames(nm = c("efron", "breslow", "exact")), function(t) model(d, t, FALSE, level)),
       cox_stratified = if (strata) lapply(setNames(nm = c("efron", "breslow", "exact")),
                                           function(t) model(d, t, TRUE, level)))
}

write_synthetic()
meta <- list(R = R.version.string, survival = as.character(packageVersion("survival")),
             note = "values only; Cox converged to 1e-13; NA where R gives none")
found <- c(lapply(cases, answer), list(answer(cases[[10]], 0.9)))
write_json(list(meta = meta, cases = found), "oracle/fixtures/survival.json",
           digits = NA, auto_unbox = TRUE, na = "string", null = "null", pretty = FALSE)
