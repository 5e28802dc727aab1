"""A small server on loopback that answers as PubMed, Europe PMC and ClinicalTrials.gov do, or does not."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], bytes]
TITLES = [f"Painful exercise in chronic pain of the {part}: a randomised trial" for part in
          ("shoulder", "ankle", "knee", "lower back", "neck")]  # fmt: skip


@dataclass
class Services:
    """What is there, how pages are cut, which answers go wrong, and what was asked."""

    pmids: list[str] = field(default_factory=lambda: [str(28000001 + n) for n in range(5)])
    page: int = 2  # records of a page, where a service cuts pages
    wrong: list[Answer] = field(default_factory=list)  # given first, instead of an answer
    broken: Callable[[str, dict[str, str]], Answer | None] = lambda path, asked: None
    slow: float = 0.0
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, asked: dict[str, str]) -> Answer:
        if self.wrong:
            return self.wrong.pop(0)
        time.sleep(self.slow)
        if (bad := self.broken(path, asked)) is not None:
            return bad
        kind = {"/esearch.fcgi": self.esearch, "/efetch.fcgi": self.efetch}
        kind |= {"/search": self.europe_pmc, "/studies": self.studies}
        return 200, {}, kind[path](asked).encode()

    def esearch(self, asked: dict[str, str]) -> str:
        held = {"count": str(len(self.pmids)), "idlist": self.pmids[: int(asked["retmax"])]}
        words = (
            {"warninglist": {"quotedphrasesnotfound": ['"painful exercize"']}}
            if "exercize" in asked["term"]
            else {}
        )
        return json.dumps({"header": {}, "esearchresult": {**held, **words}})

    def efetch(self, asked: dict[str, str]) -> str:
        articles = "".join(
            f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article>"
            f"<Journal><JournalIssue><PubDate><Year>2026</Year></PubDate></JournalIssue>"
            f"<Title>J Pain</Title></Journal>"
            f"<ArticleTitle>{TITLES[self.pmids.index(pmid) % 5]}</ArticleTitle>"
            f"<Abstract><AbstractText Label='METHODS'>Adults, <i>n</i> = 40.</AbstractText></Abstract>"
            f"<AuthorList><Author><LastName>Smith{pmid}</LastName><Initials>BE</Initials></Author></AuthorList>"
            f"<DataBankList><DataBank><AccessionNumberList><AccessionNumber>NCT{pmid}</AccessionNumber>"
            f"</AccessionNumberList></DataBank></DataBankList></Article></MedlineCitation><PubmedData><ArticleIdList>"
            f"<ArticleId IdType='doi'>10.1000/{pmid}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>"
            for pmid in asked["id"].split(",")
        )
        return f"<?xml version='1.0'?><PubmedArticleSet>{articles}</PubmedArticleSet>"

    def europe_pmc(self, asked: dict[str, str]) -> str:
        start = 0 if asked["cursorMark"] == "*" else int(asked["cursorMark"])
        results = [
            {
                "id": pmid,
                "pmid": pmid,
                "doi": f"10.1000/{pmid}",
                "title": TITLES[n % 5],
                "authorString": f"Smith{pmid} BE, Bo C.",
                "journalInfo": {"journal": {"title": "The Journal of Pain", "medlineAbbreviation": "J Pain"}},
                "pubYear": "2026",
                "abstractText": "<h4>Methods</h4>Adults.",
            }
            for n, pmid in enumerate(self.pmids)
        ]
        page = results[start : start + self.page]
        following = str(start + len(page))
        held = {"hitCount": len(results), "nextCursorMark": following, "resultList": {"result": page}}
        return json.dumps(held)

    def studies(self, asked: dict[str, str]) -> str:
        start = int(asked.get("pageToken", 0))
        studies = [
            {
                "protocolSection": {
                    "identificationModule": {"nctId": f"NCT{pmid}", "briefTitle": f"A study numbered {pmid}"},
                    "statusModule": {"studyFirstPostDateStruct": {"date": "2026-03-01"}},
                    "descriptionModule": {"briefSummary": "Adults."},
                    "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A university"}},
                }
            }
            for pmid in self.pmids
        ]
        page: dict[str, object] = {"studies": studies[start : start + self.page]}
        if "countTotal" in asked:
            page["totalCount"] = len(studies)
        if start + self.page < len(studies):
            page["nextPageToken"] = str(start + self.page)
        return json.dumps(page)


@contextmanager
def served(services: Services) -> Iterator[str]:
    """Lend the address of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            services.asked.append((parts.path, asked, dict(self.headers)))
            status, headers, body = services.answer(parts.path, asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing into the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
