"""Checks a bundle of evidence: python3 -I verify.py [folder]. Needs only Python 3.9.

Each record's bytes must lead, by the Merkle path of its proof (RFC 9162), to the root
of the checkpoint, and the checkpoint must be signed (Ed25519, RFC 8032) by the key in
key.txt. Compare that key with the one you were given on paper: the bundle cannot vouch
for it. Ends with 0 when everything holds, else with 1 and a line for each thing wrong.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates (RFC 8032, 5.1.4)."""
    low, high = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = high - low, d - c, d + c, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """A point added to itself so many times."""
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def point_of(raw: bytes) -> Point:
    """Decode a point (RFC 8032, 5.1.3). Raises ValueError: it is none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is that of the key over the message (RFC 8032, 5.1.7)."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little")
    try:
        left, right = times(s, BASE), add(point_of(r), times(k, point_of(public)))
    except ValueError:
        return False
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


def head_of(note: str, vkey: str) -> tuple[int, bytes]:
    """(size, root) of a checkpoint the key signed. Raises ValueError: it did not."""
    name, key_id, key = vkey.strip().split("+", 2)
    raw = base64.b64decode(key)
    said = hashlib.sha256(f"{name}\n".encode() + raw).digest()[:4]
    text, _, signatures = note.rpartition("\n\n")
    if said.hex() != key_id or raw[:1] != b"\x01" or not text.startswith(f"{name}\n"):
        raise ValueError("key.txt and the checkpoint do not fit")
    for line in signatures.splitlines():
        signature = base64.b64decode(line.rsplit(" ", 1)[1])
        is_ours = line.startswith(f"\u2014 {name} ") and signature[:4] == said
        if is_ours and is_signed(raw[1:], signature[4:], f"{text}\n".encode()):
            _, size, root = text.split("\n")[:3]
            return int(size), base64.b64decode(root)
    raise ValueError("the checkpoint is not signed by the key")


def root_by(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that the path leads to (RFC 9162, 2.1.3.2). Raises ValueError."""
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if not 0 <= at <= last or last == 0:
            raise ValueError("the proof does not fit the tree")
        if at & 1 or at == last:
            found = hashlib.sha256(b"\x01" + sibling + found).digest()
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + sibling).digest()
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return found


def check_record(folder: Path, number: str, note: str, head: tuple[int, bytes]) -> None:
    """Raises ValueError: the record is not in the signed tree as it stands here."""
    entry = (folder / "records" / f"{number}.json").read_bytes()
    proof = (folder / "proofs" / f"{number}.tlog-proof").read_text(encoding="utf-8")
    lines, _, under = proof.partition("\n\n")
    form, extra, index, *path = lines.split("\n")
    if form != "c2sp.org/tlog-proof@v1" or under != note:
        raise ValueError("its proof is of another form or checkpoint")
    if base64.b64decode(extra.split(" ")[1]) != entry:
        raise ValueError("its bytes and its proof differ")
    leaf = hashlib.sha256(b"\x00" + entry).digest()
    hashes = [base64.b64decode(each) for each in path]
    if root_by(leaf, int(index.split(" ")[1]), head[0], hashes) != head[1]:
        raise ValueError("its bytes are not what was sealed")


def main(folder: Path) -> int:
    """Check everything; print what does not hold."""
    vkey = (folder / "key.txt").read_text(encoding="utf-8")
    note = (folder / "checkpoint").read_text(encoding="utf-8")
    problems: list[str] = []
    try:
        head = head_of(note, vkey)
        told = json.loads((folder / "story.json").read_text(encoding="utf-8"))
        for number in (str(each["id"]) for each in told):
            try:
                check_record(folder, number, note, head)
            except (ValueError, IndexError, OSError) as problem:
                problems.append(f"record {number}: {problem}")
        files = sorted((folder / "records").glob("*.json"), key=lambda f: int(f.stem))
        if told != [json.loads(each.read_text(encoding="utf-8")) for each in files]:
            problems.append("story.json does not tell what the records say")
    except (ValueError, KeyError, TypeError, OSError) as problem:
        problems.append(str(problem))
    print("\n".join(problems) or f"Everything holds.\nThe key: {vkey.strip()}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)))
