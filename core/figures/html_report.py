"""One report as one HTML file: the verdict first, then figures that can be looked into, offline and for years.

Plotly's own script is embedded once. The page asks no other machine for anything: its policy
forbids it to, whatever the script would like. All text is escaped.

References:
    Content Security Policy Level 3, https://www.w3.org/TR/CSP3/, section 6: the directives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from core.figures.gallery import Shown

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
BANNER = "Research use only. Not a medical device."
STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 1240px; padding: 24px; background: #ffffff; color: #1b1f24;
  font: 15px/1.5 "Source Sans 3", "Source Sans Pro", system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.6rem; font-weight: 600; margin: 0 0 8px; }
h2 { font-size: 1.25rem; font-weight: 600; margin: 32px 0 8px; }
.banner, .stamp { color: #5b626b; }
.phantoms { display: inline-block; padding: 2px 10px; border: 1px solid #b47800; border-radius: 4px; font-weight: 600;
  background: repeating-linear-gradient(135deg, #ffc65c 0 6px, #f5ae2b 6px 12px); }
.verdict { font-size: 20px; margin: 4px 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: 4px 16px 4px 0; border-bottom: 1px solid #dcdfe3; text-align: left; }
tbody th { white-space: nowrap; }
td { min-width: 12ch; }
figure { margin: 24px 0; border-top: 1px solid #dcdfe3; padding-top: 16px; }
figcaption { max-width: 80ch; }
pre { white-space: pre-wrap; background: #f4f5f7; padding: 12px; border-radius: 4px; }
@media print { figure { break-inside: avoid; } }
"""
DRAW = """
for (const place of document.querySelectorAll("[data-figure]")) {
  const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  Plotly.newPlot(place, figure.data, figure.layout, {displaylogo: false, showSendToCloud: false, plotlyServerURL: ""});
}
"""


def page(
    shown: Sequence[Shown],
    *,
    title: str,
    stamp: str,
    verdicts: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    texts: Mapping[str, str],
    command: str,
) -> str:
    """Return the report.

    Args:
        shown: The figures in their order, in the colours of the theme light.
        title: What was asked.
        stamp: What it was measured on, as `style.stamp` gives it.
        verdicts: Sentences, the most important first.
        tables: By title.
        texts: Such as model cards, by title; folded at the end.
        command: That makes the report again; it names no path of this machine.
    """
    figures = [_figure(one, number) for number, one in enumerate(shown, start=1)]
    folded = [
        f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>" for name, text in texts.items()
    ]
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            f"<h1>{escape(title)}</h1>\n{_stamp(stamp)}\n<p class='banner'>{BANNER}</p>",
            *(f"<p class='verdict'>{escape(sentence)}</p>" for sentence in verdicts),
            *(f"<h2>{escape(name)}</h2>\n{_table(table)}" for name, table in tables.items()),
            "<h2>Figures</h2>",
            *figures,
            "<h2>How it was made</h2>",
            f"<p>This command makes the report again, from the same predictions:</p>\n<pre>{escape(command)}</pre>",
            *folded,
            f"<script>{get_plotlyjs()}</script>",
            f"<script>{DRAW}</script>\n</body>\n</html>\n",
        ]
    )


def _figure(shown: Shown, number: int) -> str:
    """Return a figure with its caption; its numbers stand as JSON, in which no tag can end."""
    content = _json(shown.figure)
    height = int(shown.figure.layout.height)
    return (
        f"<figure>\n<figcaption><b>Figure {number}.</b> {escape(shown.conclusion)}</figcaption>\n"
        f'<div class="wide"><div data-figure="numbers-{number}" style="min-height: {height}px"></div></div>\n'
        f'<script type="application/json" id="numbers-{number}">{content}</script>\n</figure>'
    )


def _json(figure: go.Figure) -> str:
    content: str = figure.to_json()
    return content.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _table(table: pd.DataFrame) -> str:
    head = "".join(f"<th scope='col'>{escape(str(name))}</th>" for name in table.columns)
    rows = [
        f"<tr><th scope='row'>{escape(str(first))}</th>"
        + "".join(f"<td>{escape(str(cell))}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in table.itertuples(index=False)
    ]
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def _stamp(stamp: str) -> str:
    """Return the stamp's lines as text; its marks of films that are not real stand out."""
    lines = []
    for line in stamp.split("<br>"):
        words = line.split(" · ")
        lines.append(
            " · ".join(
                f"<span class='phantoms'>{escape(word[3:-4])}</span>" if word.startswith("<b>") else escape(word)
                for word in words
            )
        )
    return f"<p class='stamp'>{'<br>'.join(lines)}</p>"
