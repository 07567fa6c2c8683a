"""Checks a bundle of evidence: python3 -I verify.py [folder]. Needs only Python 3.9.

Each record must lead, by the Merkle path of its proof (RFC 9162), to the root in the
checkpoint; every signature below that, the journal's and its witnesses' (Ed25519, RFC
8032; a line of ML-DSA-44 is named, not checked: Python alone cannot), must be that of a
key in keys.txt; and it must have grown out of the earlier one. Compare the keys this
prints with those you were given on paper: a bundle cannot vouch for them. Ends with 0
when everything holds, else with 1 and what does not.
"""

import base64
import hashlib
import json
import sys
import time
from pathlib import Path

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
UNKNOWN = "in ML-DSA-44, WHICH WAS NOT CHECKED HERE"
Point = tuple[int, int, int, int]  # extended coordinates (RFC 8032, 5.1.4)


def add(a: Point, b: Point) -> Point:
    low, high = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = high - low, d - c, d + c, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    found = (0, 1, 1, 0)
    while number:
        found = add(found, point) if number & 1 else found
        point, number = add(point, point), number >> 1
    return found


def point_of(raw: bytes) -> Point:  # RFC 8032, 5.1.3
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - square) % P else x
    demand(y < P and not (x * x - square) % P and (x or not sign), "no point")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:  # 5.1.7
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % ORDER
    base = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    left, right = times(s, base), add(point_of(r), times(k, point_of(public)))
    same = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return same and len(signature) == 64 and s < ORDER


def demand(holds: object, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def unb64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    demand(base64.b64encode(raw).decode() == text, "base64 in another spelling")
    return raw


def keys_of(text: str) -> dict[tuple[str, str], bytes]:
    """Of each vkey its kind (1: the journal) and the key, by name and number."""
    keys = {}
    for vkey in text[:-1].split("\n"):
        name, number, key = vkey.split("+", 2)
        keys[name, number] = raw = unb64(key)
        digest = hashlib.sha256(f"{name}\n".encode() + raw).hexdigest()
        known = len(raw) == (1313 if raw[:1] == b"\x06" else 33)
        demand(digest[:8] == number and known, f"the key of {name} is none")
    return keys


def opened(note: str, keys: dict[tuple[str, str], bytes]) -> tuple[str, list[str]]:
    """The text of a note, and its signers (c2sp.org/signed-note, tlog-cosignature)."""
    text, _, below = note.rpartition("\n\n")
    text, kinds, who = f"{text}\n", b"", list[str]()
    for line in below[:-1].split("\n"):
        dash, name, signature = line.split(" ")
        raw, said = unb64(signature), text
        key, raw, seen = keys.get((name, raw[:4].hex()), b""), raw[4:], 0
        if key[:1] == b"\x06":  # ML-DSA-44, which Python alone does not know
            who = [*who, f"Below a checkpoint, a line of {name} {UNKNOWN}"]
            continue
        if key[:1] == b"\x04":  # a witness signs the second in which it saw the text
            seen, raw = int.from_bytes(raw[:8], "big"), raw[8:]
            said = f"cosignature/v1\ntime {seen}\n{text}"
        holds = dash == "\u2014" and key and is_signed(key[1:], raw, said.encode())
        demand(holds, f"the signature of {name} is false")
        at = time.strftime(", who saw it %Y-%m-%d %H:%M UTC", time.gmtime(seen))
        who, kinds = [*who, f"Signed by {name}" + at * bool(seen)], kinds + key[:1]
    demand(b"\x01" in kinds and note.endswith("\n"), "not signed by the journal's key")
    return text, who


def climb(at: int, last: int, path: list[bytes], old: bytes) -> tuple[bytes, bytes]:
    """Both roots that a path leads to (RFC 9162, 2.1.3.2 and 2.1.4.2)."""
    new = old
    for other in path:
        demand(0 <= at <= last != 0, "a proof that does not fit the tree")
        if at & 1 or at == last:
            old, new = (
                hashlib.sha256(b"\1" + other + it).digest() for it in (old, new)
            )
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = hashlib.sha256(b"\1" + new + other).digest()
        at, last = at >> 1, last >> 1
    demand(last == 0, "a proof that is too short")
    return old, new


def check(files: dict[str, bytes]) -> list[str]:
    """What is shown by the files of a bundle. Raises ValueError, LookupError."""
    texts = {name: raw.decode("utf-8", "replace") for name, raw in files.items()}
    note, manifest = texts["checkpoint"], texts["manifest"]
    keys = keys_of(texts["keys.txt"])
    hashes = {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    listed = [f"{hashes[name]}  {name}" for name in sorted(files) if name != "manifest"]
    signed = manifest.split("\n\n")[0].split("\n")[1:]
    demand(signed == listed, "a file is missing, added or changed")
    opened(manifest, keys)
    text, who = opened(note, keys)
    size, root = int(text.split("\n")[1]), unb64(text.split("\n")[2])
    told = json.loads(files["story.json"])
    for number in (each["record"]["id"] for each in told):
        entry = files[f"records/{number}.json"]
        lines, _, under = texts[f"proofs/{number}.tlog-proof"].partition("\n\n")
        form, extra, index, *path = lines.split("\n")
        at, leaf = int(index[6:]), hashlib.sha256(b"\0" + entry).digest()
        said = ["c2sp.org/tlog-proof@v1", f"extra {base64.b64encode(entry).decode()}"]
        holds = [form, extra, index, under] == [*said, f"index {at}", note]
        found = climb(at, size - 1, [unb64(line) for line in path], leaf)[1]
        demand(holds and found == root, f"record {number} is not what was sealed")
    entries = [json.loads(files[name]) for name in files if name.startswith("records/")]
    stories = [each["record"] for each in told]
    same = sorted(entries, key=lambda it: it["id"]) == sorted(
        stories, key=lambda it: it["id"]
    )
    demand(same, "story.json does not tell what the records say")
    if "earlier" in files:
        text, older_who = opened(texts["earlier"], keys)
        _, older, old_root, _ = text.split("\n")
        who += [each for each in older_who if each.endswith(UNKNOWN)]
        grown = [unb64(line) for line in texts["consistency"].split("\n")[:-1]]
        at, last = int(older) - 1, size - 1
        while at & 1:
            at, last = at >> 1, last >> 1
        grown = grown if at else [unb64(old_root), *grown]
        roots = climb(at, last, grown[1:], grown[0])
        demand(roots == (unb64(old_root), root), "the earlier checkpoint does not fit")
    return ["Everything holds.", f"{len(told)} records", *who, texts["keys.txt"]]


def main(folder: Path) -> int:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    try:
        said = check({p.relative_to(folder).as_posix(): p.read_bytes() for p in paths})
    except (ValueError, LookupError, TypeError) as problem:
        said = [f"Does not hold: {problem}"]
    print("\n".join(said).rstrip())
    return 0 if said[0] == "Everything holds." else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)))
