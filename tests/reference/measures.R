# Makes the files measures_*.csv: what metafor has for every measure on public data sets, by escalc's
# defaults, pooled by three methods and turned back. Run in this folder: Rscript measures.R [FOLDER]
# A set that is used in parts says so in its name: metadat has no more of its kind. metafor's default
# tolerances leave REML's tau2 off by 3e-6, so they are tightened.
suppressMessages({library(metafor); library(metadat)})
stopifnot(packageVersion("metafor") >= "3.8")
out <- c(commandArgs(trailingOnly = TRUE), ".")[1]
show <- function(x) ifelse(is.na(x), "", formatC(x, digits = 16, format = "g", width = 1))

# Glass's delta needs three people in group 2. Columns a to f of each set, in the order in which our functions take them
counts <- function(a, n1, c, n2) data.frame(a = a, b = n1, c = c, d = n2)
means <- function(d) with(d[d$n1i > 2 & d$n2i > 2, ], data.frame(a = m1i, b = sd1i, c = n1i, d = m2i, e = sd2i, f = n2i))
one <- function(a, b, c = NA) data.frame(a = a, b = b, c = c)
gibson <- dat.gibson2002[complete.cases(dat.gibson2002[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")]), ]
scores <- with(dat.molloy2014, one(ri, ni))
events <- list(
  pritz1997 = with(dat.pritz1997, one(xi, ni)),
  debruin2009 = with(dat.debruin2009, one(xi, ni)),
  hannum2020 = with(dat.hannum2020, one(xi, ni)),
  hasselblad1998 = with(dat.hasselblad1998, one(xi, ni)),
  pagliaro1992 = with(dat.pagliaro1992, one(xi, ni)))
rates <- list(
  nielweise2008 = with(dat.nielweise2008, counts(x1i, t1i, x2i, t2i)),
  hart1999 = with(dat.hart1999, counts(x1i, t1i, x2i, t2i)))
rates <- c(rates, list(
  `nielweise2008-first` = rates[[1]][1:5, ], `nielweise2008-last` = rates[[1]][5:9, ],
  `hart1999-last` = rates[[2]][3:6, ]))
arms <- function(d, arm) d[, if (arm == 1) c("a", "b") else c("c", "d")]
groups <- function(d, arm) setNames(d[, if (arm == 1) c("a", "b", "c") else c("d", "e", "f")], c("a", "b", "c"))
continuous <- list(
  normand1999 = means(dat.normand1999), curtis1998 = means(dat.curtis1998), gibson2002 = means(gibson),
  `curtis1998-first` = means(dat.curtis1998[1:20, ]), `curtis1998-last` = means(dat.curtis1998[60:102, ]))
sets <- list(
  means = continuous,
  counts = list(
    bcg = with(dat.bcg, counts(tpos, tpos + tneg, cpos, cpos + cneg)),
    yusuf1985 = with(subset(dat.yusuf1985, table == "6" & ai + ci > 0), counts(ai, n1i, ci, n2i)),
    hine1989 = with(dat.hine1989, counts(ai, n1i, ci, n2i)),
    # Peto's odds ratio is not defined where nobody has the event
    nielweise2007 = with(subset(dat.nielweise2007, ai + ci > 0), counts(ai, n1i, ci, n2i)),
    li2007 = with(subset(dat.li2007, ai + ci > 0), counts(ai, n1i, ci, n2i))),
  rates = rates,
  events = events,
  rate = list(
    `nielweise2008-1` = arms(rates[[1]], 1), `nielweise2008-2` = setNames(arms(rates[[1]], 2), c("a", "b")),
    `hart1999-1` = arms(rates[[2]], 1), `hart1999-2` = setNames(arms(rates[[2]], 2), c("a", "b")),
    `nielweise2008-last-1` = arms(rates[["nielweise2008-last"]], 1)),
  mean = list(
    `normand1999-1` = groups(continuous$normand1999, 1), `normand1999-2` = groups(continuous$normand1999, 2),
    `curtis1998-1` = groups(continuous$curtis1998, 1), `gibson2002-1` = groups(continuous$gibson2002, 1),
    `gibson2002-2` = groups(continuous$gibson2002, 2)),
  correlation = list(
    cohen1981 = with(dat.cohen1981, one(ri, ni)), craft2003 = with(dat.craft2003, one(ri, ni)),
    crede2010 = with(dat.crede2010, one(ri, ni)), mcdaniel1994 = with(dat.mcdaniel1994, one(ri, ni)),
    molloy2014 = scores))
# By our key: what it is computed from, metafor's name, and what turns it back
of <- list(
  SMD = list("means", "SMD", identity), MD = list("means", "MD", identity), GLASS = list("means", "SMD1", identity),
  ROM = list("means", "ROM", exp),
  OR = list("counts", "OR", exp), RR = list("counts", "RR", exp), RD = list("counts", "RD", identity),
  PETO = list("counts", "PETO", exp), IRR = list("rates", "IRR", exp),
  PLO = list("events", "PLO", transf.ilogit), PFT = list("events", "PFT", transf.ipft.hm),
  PAS = list("events", "PAS", transf.iarcsin), PLN = list("events", "PLN", exp), PR = list("events", "PR", identity),
  IRLN = list("rate", "IRLN", exp), IR = list("rate", "IR", identity), IRS = list("rate", "IRS", transf.isqrt),
  MN = list("mean", "MN", identity), MNLN = list("mean", "MNLN", exp),
  ZCOR = list("correlation", "ZCOR", transf.ztor), COR = list("correlation", "COR", identity))
steps <- list(threshold = 1e-14, maxiter = 1e5, stepadj = 0.5)
effect <- function(kind, measure, d) suppressWarnings(switch(kind,
  means = escalc(measure, m1i = a, sd1i = b, n1i = c, m2i = d, sd2i = e, n2i = f, data = d),
  # Peto's method needs nothing added, which escalc does all the same
  counts = escalc(measure, ai = a, n1i = b, ci = c, n2i = d, data = d,
                  to = if (measure == "PETO") "none" else "only0"),
  rates = escalc(measure, x1i = a, t1i = b, x2i = c, t2i = d, data = d),
  events = escalc(measure, xi = a, ni = b, data = d),
  rate = escalc(measure, xi = a, ti = b, data = d),
  mean = escalc(measure, mi = a, sdi = b, ni = c, data = d),
  correlation = escalc(measure, ri = a, ni = b, data = d)))
given <- effects <- pools <- list()
for (kind in names(sets)) for (set in names(sets[[kind]])) {
  d <- sets[[kind]][[set]]
  d <- d[complete.cases(d[, colSums(!is.na(d)) > 0]), ]
  d[setdiff(letters[1:6], names(d))] <- NA
  given[[length(given) + 1]] <- data.frame(needs = kind, set = set, lapply(d[, letters[1:6]], show))
  for (key in names(of)) if (of[[key]][[1]] == kind) {
    e <- effect(kind, of[[key]][[2]], d)
    effects[[length(effects) + 1]] <- data.frame(measure = key, set = set, yi = show(e$yi), vi = show(e$vi))
    for (method in c("EE", "DL", "REML")) {
      # where Fisher scoring does not converge with half steps it does with smaller ones
      for (size in c(.5, .1, .02)) {
        control <- if (method == "REML") modifyList(steps, list(stepadj = size)) else list()
        res <- try(suppressWarnings(rma(yi, vi, data = e, method = method, control = control)), silent = TRUE)
        if (!inherits(res, "try-error")) break
      }
      back <- of[[key]][[3]]
      seen <- if (identical(back, identity)) predict(res) else if (key == "PFT")
        predict(res, transf = back, targs = list(ni = d$b)) else predict(res, transf = back)
      pools[[length(pools) + 1]] <- data.frame(measure = key, set = set, method = method, k = res$k,
        estimate = show(as.numeric(res$beta)), ci_low = show(res$ci.lb), ci_high = show(res$ci.ub),
        tau2 = if (method == "EE") "" else show(res$tau2), q = show(res$QE), shown = show(seen$pred),
        shown_low = show(seen$ci.lb), shown_high = show(seen$ci.ub))
    }
  }
}
for (table in c("given", "effects", "pools"))
  write.csv(do.call(rbind, get(table)), file.path(out, sprintf("measures_%s.csv", table)), row.names = FALSE,
            quote = FALSE)
