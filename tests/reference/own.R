# Six tables as people have them, by metafor: whole, by subgroup, by an own column, without each study.
# Rscript own.R, in this folder; writes own.csv. The tables are dat.normand1999 (with two columns made
# up), dat.bcg, dat.konstantopoulos2011, dat.hackshaw1998 and dat.molloy2014 of metadat; messy.csv is
# made up.
suppressMessages(library(metafor))
k <- list(threshold = 1e-12, maxiter = 10000)
rows <- list()
keep <- function(table, what, part, r, i = 1)
  rows[[length(rows) + 1]] <<- data.frame(table, what, part, estimate = r$beta[i], ci_low = r$ci.lb[i],
                                          ci_high = r$ci.ub[i], tau2 = r$tau2)
all_of <- function(table, e, label, by, slope) {
  fit <- function(d) rma(yi, vi, data = d, control = k)
  keep(table, "whole", "", fit(e))
  for (part in unique(na.omit(by))) keep(table, "subgroup", part, fit(e[which(by == part), ]))
  x <- d[[slope]]  # of which escalc spells the name anew
  keep(table, "regression", slope, rma(e$yi, e$vi, mods = x, control = k), 2)
  for (i in seq_len(nrow(e))) keep(table, "without", label[i], fit(e[-i, ]))
}
read <- function(name, ...) read.csv(file.path("own", name), check.names = FALSE, ...)
d <- read("means.csv")
e <- escalc("SMD", m1i = d[[3]], sd1i = d[[4]], n1i = d[[2]], m2i = d[[6]], sd2i = d[[7]], n2i = d[[5]], data = d)
all_of("means", e, d$Study, d$Region, "Beds")
d <- read("counts.csv")
e <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d)
all_of("counts", e, d$study, d$allocation, "latitude")
d <- read("yisei.csv")
e <- escalc("GEN", yi = yi, sei = sei, data = d)
all_of("yisei", e, paste("row", seq_len(nrow(d)) + 1), ifelse(d$year < 1990, "year < 1990", "year ≥ 1990"), "year")
d <- read("hr.csv")
e <- escalc("GEN", yi = log(d$HR), sei = (log(d$upper) - log(d$lower)) / (2 * qnorm(.975)), data = d)
all_of("hr", e, paste(d$author, d$year), d$country, "year")
d <- read("messy.csv", sep = ";", skip = 2)
number <- function(cells, i) as.numeric(sub(",", ".", sapply(strsplit(cells, " ± "), `[`, i)))
e <- escalc("MD", m1i = number(d[[5]], 1), sd1i = number(d[[5]], 2), n1i = d[[4]], m2i = number(d[[7]], 1),
            sd2i = number(d[[7]], 2), n2i = d[[6]], data = d)
all_of("messy", e, d$Study, ifelse(d[[3]] < 40, "Dose (mg) < 40", "Dose (mg) ≥ 40"), "Dose (mg)")
# how to go on with correlations: yi = atanh(ri), vi = 1/(ni - 3)
d <- read("correlations.csv")
e <- escalc("ZCOR", ri = ri, ni = ni, data = d)
all_of("correlations", e, paste(d$authors, d$year), d$design, "year")
write.csv(do.call(rbind, rows), "own.csv", row.names = FALSE)
