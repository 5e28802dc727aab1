# What RevMan would print of made-up analyses, each computed by metafor, or by the formula stated here
# where metafor has none. Makes revman.csv: Rscript revman.R [FOLDER for the output, this one by default]
# Rules of RevMan 5 (Deeks and Higgins, Statistical algorithms in Review Manager 5, 2010).
suppressMessages(library(metafor))
folder <- c(commandArgs(trailingOnly=TRUE), ".")[1]

counts <- data.frame(
  study = c("Ash 2001", "Birch 2005", "Cedar 2010", "Dunn 2014", "Elm 2016", "Fir 2019"),
  subgroup = rep(c("Adults", "Children"), each = 3),
  events1 = c(12, 3, 0, 9, 21, 0), n1 = c(60, 41, 35, 88, 102, 25),
  events2 = c(22, 1, 4, 15, 24, 0), n2 = c(58, 40, 36, 90, 97, 27)
)
effects <- data.frame(
  study = c("Ash 2001", "Birch 2005", "Cedar 2010", "Dunn 2014"),
  subgroup = rep(c("Adults", "Children"), each = 2),
  yi = c(-0.51, 0.12, -0.33, -0.90), sei = c(0.21, 0.30, 0.18, 0.35)
)
means <- data.frame(
  study = c("Ash 2001", "Birch 2005", "Cedar 2010", "Dunn 2014"),
  subgroup = rep(c("Adults", "Children"), each = 2),
  mean1 = c(4.0, 3.8, 5.1, 2.9), sd1 = c(2.0, 2.4, 1.9, 2.2), n1 = c(25, 26, 40, 31),
  mean2 = c(5.1, 5.2, 5.3, 4.8), sd2 = c(2.2, 2.3, 2.0, 2.5), n2 = c(24, 25, 41, 30)
)
logrank <- data.frame(
  study = c("Ash 2001", "Birch 2005", "Cedar 2010"), subgroup = "",
  oe = c(-6.2, 2.1, -3.4), v = c(14.5, 9.8, 21.3), n1 = c(80, 55, 120), n2 = c(78, 57, 118)
)

# Effects of rows: 0.5 added to all cells of a row with a zero; nobody or everybody in both arms: none.
# A risk difference has 0.5 added where its variance would be 0.
rows <- function(data, kind, measure, method) {
  with(data, switch(kind,
    dich = if (method == "Peto") escalc("PETO", ai=events1, n1i=n1, ci=events2, n2i=n2, to="none", drop00=TRUE)
           else if (measure == "RD") {
             zero <- (events1 %in% 0 | events1 == n1) & (events2 %in% 0 | events2 == n2)
             e <- escalc("RD", ai=events1, n1i=n1, ci=events2, n2i=n2, to="none")
             more <- escalc("RD", ai=events1, n1i=n1, ci=events2, n2i=n2, add=1/2, to="all")
             e$vi[zero] <- more$vi[zero]; e$yi[zero] <- more$yi[zero]; e
           } else escalc(measure, ai=events1, n1i=n1, ci=events2, n2i=n2, add=1/2, to="only0", drop00=TRUE),
    cont = escalc("MD", m1i=mean1, sd1i=sd1, n1i=n1, m2i=mean2, sd2i=sd2, n2i=n2),
    generic = data.frame(yi=yi, vi=sei^2),
    `o-e` = data.frame(yi=oe/v, vi=1/v)))
}

# A pool: estimate, its SE, Q about it (metafor's rma.mh and rma.peto take Q so), weights, tau2.
pooled <- function(data, yi, vi, kind, measure, method, model) {
  k <- length(yi); w <- 1/vi
  fit <- list(b = sum(w*yi)/sum(w)); fit$se <- sqrt(1/sum(w)); weights <- w
  if (method == "MH") {
    a <- data$events1; b <- data$n1-a; c <- data$events2; d <- data$n2-c; n1 <- a+b; n2 <- c+d; N <- n1+n2
    if (measure == "RD") { # Greenland and Robins 1985; metafor's variance is Sato's
      weights <- n1*n2/N
      fit$b <- sum(a*n2/N - c*n1/N)/sum(weights)
      fit$se <- sqrt(sum((a*b*n2^3 + c*d*n1^3)/(n1*n2*N^2))/sum(weights)^2)
    } else {
      mh <- rma.mh(measure=measure, ai=a, bi=b, ci=c, di=d, correct=FALSE, drop00=TRUE,
                   add=c(1/2, 0), to=c("only0", "none"))
      fit$b <- c(mh$b); fit$se <- mh$se
      weights <- if (measure == "OR") b*c/N else c*n1/N
    }
  }
  q <- sum(w*(yi-fit$b)^2)
  if (method == "IV") stopifnot(abs(q - rma.uni(yi, vi, method="FE")$QE) < 1e-10)
  if (method == "Peto") stopifnot(abs(fit$b - rma.peto(ai=data$events1, n1i=data$n1, ci=data$events2,
    n2i=data$n2, drop00=TRUE)$b) < 1e-10)
  tau2 <- NA
  if (model == "random") {
    tau2 <- max(0, (q-(k-1))/(sum(w)-sum(w^2)/sum(w)))
    if (method == "IV") stopifnot(abs(tau2 - rma.uni(yi, vi, method="DL")$tau2) < 1e-10)
    re <- rma.uni(yi, vi, tau2=tau2)
    fit$b <- c(re$b); fit$se <- re$se; weights <- 1/(vi+tau2)
  }
  list(b=fit$b, se=fit$se, q=q, df=k-1, tau2=tau2, weights=100*weights/sum(weights))
}

out <- NULL
analyse <- function(name, data, kind, measure, method, model, parted=FALSE) {
  if (!parted) data$subgroup <- ""
  e <- rows(data, kind, measure, method)
  ratio <- kind %in% c("o-e") || measure %in% c("OR", "RR", "HR")
  shown <- function(x) if (ratio) exp(x) else x
  z95 <- qnorm(0.975)
  used <- is.finite(e$vi) & e$vi > 0
  whole <- pooled(data[used,], e$yi[used], e$vi[used], kind, measure, method, model)
  line <- function(level, subgroup, study, b, se, ...) {
    cells <- if (is.na(study)) NULL else data[data$study == study, setdiff(names(data), c("study", "subgroup"))]
    made <- data.frame(analysis=name, kind=kind, measure=measure, method=method, model=model, level=level,
      subgroup=subgroup, study=study, estimate=shown(b), ci_low=shown(b-z95*se), ci_high=shown(b+z95*se),
      z=NA, p=NA, q=NA, q_df=NA, q_p=NA, i2=NA, tau2=NA, between_q=NA, between_p=NA, between_i2=NA, weight=NA,
      events1=NA, n1=NA, events2=NA, n2=NA, mean1=NA, sd1=NA, mean2=NA, sd2=NA, yi=NA, sei=NA, oe=NA, v=NA)
    for (extra in list(list(...), as.list(cells))) for (n in names(extra)) made[[n]] <- extra[[n]]
    out <<- rbind(out, made)
  }
  total <- function(level, subgroup, fit, weight, ...) {
    z <- abs(fit$b/fit$se)
    line(level, subgroup, NA, fit$b, fit$se, z=z, p=2*pnorm(-z), q=fit$q, q_df=fit$df,
      q_p=if (fit$df > 0) pchisq(fit$q, fit$df, lower.tail=FALSE) else NA,
      i2=if (fit$q > 0) max(0, (fit$q-fit$df)/fit$q)*100 else 0, tau2=fit$tau2, weight=weight, ...)
  }
  between <- list()
  parts <- if (parted) unique(data$subgroup) else character()
  fits <- lapply(parts, function(s) {
    own <- used & data$subgroup == s
    pooled(data[own,], e$yi[own], e$vi[own], kind, measure, method, model)
  })
  if (parted) {
    b <- sapply(fits, `[[`, "b"); se <- sapply(fits, `[[`, "se")
    test <- rma.uni(b, sei=se, method="FE")
    between <- list(between_q=test$QE, between_p=test$QEp, between_i2=max(0, 1-(length(b)-1)/test$QE)*100)
  }
  do.call(total, c(list("total", "", whole, 100), between))
  weights <- rep(NA, nrow(data)); weights[used] <- whole$weights
  for (s in if (parted) parts else "") {
    own <- which(data$subgroup == s)
    if (parted) total("subtotal", s, fits[[match(s, parts)]], sum(weights[own], na.rm=TRUE))
    for (i in own) line("row", s, data$study[i], if (used[i]) e$yi[i] else NA, if (used[i]) sqrt(e$vi[i]) else NA,
      weight=weights[i])
  }
}

number <- 0
run <- function(...) { number <<- number + 1; analyse(number, ...) }
for (model in c("common", "random")) {
  for (measure in c("OR", "RR", "RD")) for (method in c("MH", "IV")) run(counts, "dich", measure, method, model, TRUE)
  for (measure in c("HR", "OR", "MD")) run(effects, "generic", measure, "IV", model, TRUE)
  run(means, "cont", "MD", "IV", model, TRUE)
}
run(counts, "dich", "OR", "Peto", "common", TRUE)
for (measure in c("HR", "OR")) run(logrank, "o-e", measure, "IV", "common")
text <- function(x) if (is.numeric(x)) ifelse(is.na(x), "", formatC(x, digits=10, format="g", width=1)) else ifelse(is.na(x), "", x)
out[] <- lapply(out, text)
write.csv(out, file.path(folder, "revman.csv"), row.names=FALSE, quote=FALSE)
