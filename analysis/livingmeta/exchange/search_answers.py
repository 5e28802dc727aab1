"""What PubMed, Europe PMC and ClinicalTrials.gov answer, read as references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from livingmeta.exchange.search_files import Reference, reference
from livingmeta.exchange.sheets import few_tags
from livingmeta.words import RefusalError


def pubmed_articles(raw: bytes, place: str) -> list[Reference]:
    """Read the articles of an answer of EFetch (https://www.ncbi.nlm.nih.gov/books/NBK25499/).

    Any exception of the parser is the caller's: an answer that was cut off is asked for again.
    """
    from defusedxml.ElementTree import fromstring

    few_tags(raw, place)
    root = fromstring(raw)
    if root.tag != "PubmedArticleSet":
        raise RefusalError(f"it begins with {root.tag}, where articles were expected")
    return [_article(node) for node in root if node.tag in {"PubmedArticle", "PubmedBookArticle"}]


def _article(node: Any) -> Reference:
    def text(path: str) -> str:
        found = node.find(path)
        return "" if found is None else "".join(found.itertext())

    authors = [
        f"{author.findtext('LastName')}, {author.findtext('Initials') or ''}"
        if author.findtext("LastName")
        else author.findtext("CollectiveName") or ""
        for author in node.iterfind(".//AuthorList[1]/Author")
    ]
    parts = [
        f"{part.get('Label')}: {''.join(part.itertext())}" if part.get("Label") else "".join(part.itertext())
        for part in node.iterfind(".//Abstract/AbstractText")
    ]
    numbers = {
        number.get("IdType"): number.text for number in node.iterfind("./PubmedData/ArticleIdList/ArticleId")
    }
    dois = [number.text for number in node.iterfind(".//Article/ELocationID[@EIdType='doi']")]
    banks = [number.text or "" for number in node.iterfind(".//DataBankList//AccessionNumber")]
    published = ".//JournalIssue/PubDate"
    return reference(
        title=text(".//ArticleTitle") or text(".//BookTitle") or text(".//VernacularTitle"),
        authors=authors,
        year=text(f"{published}/Year") or text(f"{published}/MedlineDate") or text(".//ArticleDate/Year"),
        journal=text(".//MedlineJournalInfo/MedlineTA") or text(".//Journal/Title"),
        doi=numbers.get("doi") or next(iter(dois), None),
        pmid=text(".//PMID"),
        pmcid=numbers.get("pmc"),
        registration=" ".join(banks),
        abstract=" ".join(parts),
        database="PubMed",
    )


def europe_pmc_results(answer: Mapping[str, Any]) -> Iterator[Reference]:
    """Yield the results of a page (https://europepmc.org/RestfulWebService, resultType core)."""
    for result in answer["resultList"]["result"]:
        journal = (result.get("journalInfo") or {}).get("journal") or {}
        yield reference(
            title=result.get("title"),
            authors=str(result.get("authorString") or "").rstrip(".").split(", "),
            year=str(result.get("pubYear") or ""),
            journal=journal.get("medlineAbbreviation") or journal.get("title"),
            doi=result.get("doi"),
            pmid=str(result.get("pmid") or ""),
            pmcid=result.get("pmcid"),
            abstract=result.get("abstractText"),
            database="Europe PMC",
        )


def registered_trials(answer: Mapping[str, Any]) -> Iterator[Reference]:
    """Yield the studies of a page (https://clinicaltrials.gov/data-api/api, version 2)."""
    for study in answer["studies"]:
        about = study["protocolSection"]
        named = about["identificationModule"]
        posted = about.get("statusModule", {}).get("studyFirstPostDateStruct", {}).get("date")
        officials = about.get("contactsLocationsModule", {}).get("overallOfficials", ())
        sponsor = about.get("sponsorCollaboratorsModule", {}).get("leadSponsor", {}).get("name")
        people = [person["name"].partition(",")[0] for person in officials if person.get("name")]
        yield reference(
            title=named.get("officialTitle") or named.get("briefTitle"),
            authors=people or [sponsor or ""],
            year=posted,
            registration=named["nctId"],
            abstract=about.get("descriptionModule", {}).get("briefSummary"),
            database="ClinicalTrials.gov",
        )
