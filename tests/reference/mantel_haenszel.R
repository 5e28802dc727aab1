# Makes mantel_haenszel_data.csv and mantel_haenszel.csv: metafor's answers for counts that are summed.
# Run in this folder: Rscript mantel_haenszel.R [FOLDER for the output, this one by default]
# rma.mh leaves trials without an event out of Q unless drop00 = FALSE, with which they have the
# effects of escalc(drop00 = FALSE), as in our profile metafor; they add nothing to Peto's sums.
suppressMessages({library(metafor); library(metadat)})
stopifnot(packageVersion("metafor") >= "3.8")
out <- c(commandArgs(trailingOnly = TRUE), ".")[1]
show <- function(x) ifelse(is.na(x), "", formatC(x, digits = 16, format = "g", width = 1))
of <- function(d, ai, n1i, ci, n2i)
  na.omit(with(d, data.frame(a = eval(ai), n1 = eval(n1i), c = eval(ci), n2 = eval(n2i))))
usual <- function(d) of(d, quote(ai), quote(n1i), quote(ci), quote(n2i))
sets <- list(
  bcg = of(dat.bcg, quote(tpos), quote(tpos + tneg), quote(cpos), quote(cpos + cneg)),
  nielweise2007 = usual(dat.nielweise2007), hine1989 = usual(dat.hine1989),
  collins1985a = of(dat.collins1985a, quote(d.xti), quote(nti), quote(d.xci), quote(nci)),
  yusuf1985 = usual(subset(dat.yusuf1985, table == "6")), lau1992 = usual(dat.lau1992),
  hart1999 = of(dat.hart1999, quote(x1i), quote(n1i), quote(x2i), quote(n2i)))
rows <- list()
keep <- function(set, measure, method, model, r, q = r$QE)
  rows[[length(rows) + 1]] <<- data.frame(set, measure, method, model, estimate = show(r$beta[1]),
    se = show(r$se), ci_low = show(r$ci.lb), ci_high = show(r$ci.ub), q = show(q),
    tau2 = if (model == "random") show(r$tau2) else "", weights = paste(show(weights(r)), collapse = " "))
for (set in names(sets)) {
  d <- sets[[set]]
  for (measure in c("OR", "RR", "RD")) {
    r <- rma.mh(ai = a, n1i = n1, ci = c, n2i = n2, data = d, measure = measure, drop00 = FALSE)
    keep(set, measure, "MH", "common", r)
    # RevMan's random effects: Deeks and Higgins 2010
    e <- escalc(measure, ai = a, n1i = n1, ci = c, n2i = n2, data = d, drop00 = FALSE)
    w <- 1 / e$vi
    q <- sum(w * (e$yi - r$beta[1])^2)
    tau2 <- max(0, (q - nrow(d) + 1) / (sum(w) - sum(w^2) / sum(w)))
    keep(set, measure, "MH", "random", rma(yi, vi, data = e, tau2 = tau2), q)
  }
  some <- subset(d, a + c > 0 & a + c < n1 + n2)
  keep(set, "PETO", "Peto", "common", rma.peto(ai = a, n1i = n1, ci = c, n2i = n2, data = some))
}
data <- do.call(rbind, lapply(names(sets), function(set) data.frame(set, sets[[set]])))
write.csv(data, file.path(out, "mantel_haenszel_data.csv"), row.names = FALSE, quote = FALSE)
write.csv(do.call(rbind, rows), file.path(out, "mantel_haenszel.csv"), row.names = FALSE, quote = FALSE)
