# Virtual trials in R: prints trials, CPU seconds and the share that crosses a bound.
# Arguments: rpact or survdiff, trials, hazard ratio, events and bounds of the looks (joined by commas), seed.
arguments <- commandArgs(TRUE)
trials <- as.integer(arguments[2])
ratio <- as.numeric(arguments[3])
events <- as.integer(strsplit(arguments[4], ",")[[1]])
bounds <- as.numeric(strsplit(arguments[5], ",")[[1]])
seed <- as.integer(arguments[6])
n <- 198
months <- 42
hazard <- log(2) / 3.6

simulated_by_rpact <- function() {
  last <- events[length(events)]
  design <- if (length(events) == 1) {
    getDesignGroupSequential(kMax = 1, alpha = 0.025, sided = 1)
  } else {
    getDesignGroupSequential(informationRates = events / last, alpha = 0.025, sided = 1, typeOfDesign = "asOF")
  }
  found <- getSimulationSurvival(design,
    directionUpper = FALSE, lambda2 = hazard, hazardRatio = ratio, plannedEvents = events, accrualTime = c(0, months),
    maxNumberOfSubjects = n, allocation1 = 2, allocation2 = 1, maxNumberOfIterations = trials, seed = seed)
  found$overallReject
}

crosses <- function() {
  entry <- sort(runif(n, 0, months))
  arm <- as.vector(replicate(n / 3, sample(c(1, 1, 0))))
  time <- rexp(n, hazard * ifelse(arm == 1, ratio, 1))
  calendar <- entry + time
  ordered <- sort(calendar)
  for (k in seq_along(events)) {
    cut <- ordered[events[k]]
    inside <- entry < cut
    seen <- (calendar <= cut)[inside]
    shown <- pmin(time, cut - entry)[inside]
    found <- survdiff(Surv(shown, seen) ~ arm[inside])
    z <- (found$exp[2] - found$obs[2]) / sqrt(found$var[2, 2])
    if (z >= bounds[k]) return(TRUE)
  }
  FALSE
}

suppressPackageStartupMessages(if (arguments[1] == "rpact") library(rpact) else library(survival))
call <- if (arguments[1] == "rpact") simulated_by_rpact else function() mean(replicate(trials, crosses()))
set.seed(seed)
spent <- system.time(power <- suppressWarnings(call()))
cat(trials, spent[["user.self"]] + spent[["sys.self"]], power, sep = "\t", fill = 200)
