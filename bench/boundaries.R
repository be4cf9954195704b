# Lan-DeMets O'Brien-Fleming bounds, one-sided 0.025, at equal looks: for each package that is installed and each number
# of looks a line of name, milliseconds of one call (best of repeated batches) and the last bound.
looks <- as.integer(commandArgs(trailingOnly = TRUE))
calls <- list(
  rpact = function(k) {
    rpact::getDesignGroupSequential(
      informationRates = seq_len(k) / k, typeOfDesign = "asOF", alpha = 0.025, sided = 1
    )$criticalValues
  },
  gsDesign = function(k) {
    gsDesign::gsDesign(
      k = k, test.type = 1, alpha = 0.025, sfu = gsDesign::sfLDOF, timing = seq_len(k) / k
    )$upper$bound
  }
)
batch <- function(call, k, times) {
  start <- proc.time()[["elapsed"]]
  for (i in seq_len(times)) bounds <- call(k)
  c((proc.time()[["elapsed"]] - start) / times * 1000, bounds[k])
}
for (name in names(calls)) {
  if (!requireNamespace(name, quietly = TRUE)) next
  for (k in looks) {
    batch(calls[[name]], k, 2)
    runs <- sapply(1:5, function(i) batch(calls[[name]], k, 10))
    cat(name, k, min(runs[1, ]), format(runs[2, 1], digits = 15), sep = "\t")
    cat("\n")
  }
}
