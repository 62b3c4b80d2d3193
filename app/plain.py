"""Text that came from outside, shown as text: what Streamlit would read as a link, a picture or a colour stays letters.

A picture or a link in a message would make a reader's browser ask another server.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")  # a command in one of our own sentences
# Characters that mean something wherever they stand; an underscore only at the edge of a word, an ampersand
# before a name or a number, and what begins a heading, a quotation or a list where the text begins.
_MEANT = re.compile(r"[\\`*\[\]<!~$|]|_(?!\w)|(?<!\w)_|&(?=#?\w+;)|^[#>+=-]|(?<=^\d)[.)]")
# A word joiner: icons, emoji and addresses are found in the finished text too, where an escape is gone.
_NAMED = re.compile(r":(?=[A-Za-z+]|//)|www(?=\.)|@(?=\w)", re.IGNORECASE)
_JOINER = "\u2060"


def plain(text: object) -> str:
    r"""Return text that Markdown shows as it is; only `code` between single backticks stays code.

    Examples:
        >>> plain("found '![x](//evil.example/p.png)'; see `jobs list`").replace("\\", "/")
        "found '/!/[x/](//evil.example/p.png)'; see `jobs list`"
    """
    said, parts, at = str(text), [], 0
    for code in _CODE.finditer(said):
        parts += [_escaped(said[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*parts, _escaped(said[at:])])


def _escaped(text: str) -> str:
    one_line = re.sub(r"\s*\n\s*", " ", text)  # a new line may begin a heading, a list or a table
    return _NAMED.sub(lambda found: found[0] + _JOINER, _MEANT.sub(r"\\\g<0>", one_line))
