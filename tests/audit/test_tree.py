"""The tree against a literal reading of RFC 9162, and against known vectors."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.seal import tree
from audit.seal.notes import BadNote, Head, Signer, Verifier, opened

pytestmark = pytest.mark.unit

# The vectors of Certificate Transparency's own reference test (RFC 6962): the entries,
# then the root of each tree of the first n of them.
ENTRIES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def mth(entries: list[bytes]) -> bytes:
    """MTH(D[n]) of RFC 9162, 2.1.1, word by word."""
    n = len(entries)
    if n == 0:
        return sha256().digest()
    if n == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < n:
        k *= 2
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def entries_of(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


def read_of(entries: list[bytes]) -> tree.Read:
    return cache(tree.over([tree.leaf_hash(each) for each in entries]))


def test_the_roots_of_certificate_transparency() -> None:
    for size, wanted in enumerate(ROOTS, start=1):
        assert tree.root(read_of(ENTRIES), size).hex() == wanted
    assert tree.root(read_of([]), 0) == sha256().digest()


SIZES = st.one_of(
    st.integers(1, 70), st.sampled_from([255, 256, 257, 511, 512, 513, 700])
)


@settings(max_examples=60)
@given(size=SIZES, data=st.data())
def test_roots_and_inclusion(size: int, data: Any) -> None:
    entries = entries_of(size)
    read, wanted = read_of(entries), mth(entries)
    assert tree.root(read, size) == wanted
    index = data.draw(st.integers(0, size - 1))
    leaf, proof = tree.leaf_hash(entries[index]), tree.inclusion(read, index, size)

    def holds(**changed: Any) -> bool:
        said = {
            "leaf": leaf,
            "index": index,
            "size": size,
            "proof": proof,
            "root": wanted,
        }
        return tree.is_included(**{**said, **changed})

    assert holds()
    assert not holds(leaf=tree.leaf_hash(b"another"))
    assert not holds(root=bytes(32))
    assert not holds(index=size)
    assert not holds(proof=[*proof, bytes(32)])
    for at in range(len(proof)):
        assert not holds(proof=proof[:at] + proof[at + 1 :])
        assert not holds(proof=[*proof[:at], bytes(32), *proof[at + 1 :]])
    for other in range(size):
        assert holds(index=other) == (other == index)


@settings(max_examples=60)
@given(new=SIZES, data=st.data())
def test_consistency(new: int, data: Any) -> None:
    old = data.draw(st.integers(1, new))
    entries = entries_of(new)
    proof = tree.consistency(read_of(entries), old, new)

    def holds(**changed: Any) -> bool:
        said = {
            "old": old,
            "new": new,
            "proof": proof,
            "old_root": mth(entries[:old]),
            "new_root": mth(entries),
        }
        return tree.is_consistent(**{**said, **changed})

    assert holds()
    assert not holds(old_root=bytes(32))
    assert not holds(new_root=bytes(32))
    assert not holds(proof=[*proof, bytes(32)])
    for at in range(len(proof)):
        assert not holds(proof=proof[:at] + proof[at + 1 :])
        assert not holds(proof=[*proof[:at], bytes(32), *proof[at + 1 :]])


@pytest.mark.parametrize("start", [0, 1, 3, 255, 256, 300])
def test_a_frontier_grows_as_the_tree_does(start: int) -> None:
    entries = entries_of(520)
    read = read_of(entries)
    frontier = tree.Frontier(read, start)
    for size in range(start, 520):
        assert (frontier.size, frontier.root()) == (size, tree.root(read, size))
        frontier.add(tree.leaf_hash(entries[size]))


def test_a_tree_of_three_levels_of_tiles() -> None:
    hashes = [tree.leaf_hash(str(number).encode()) for number in range(70_000)]
    read = cache(tree.over(hashes))
    root = tree.fold(hashes)
    assert tree.root(read, 70_000) == root
    for index in (0, 255, 65_535, 65_536, 69_999):
        proof = tree.inclusion(read, index, 70_000)
        assert tree.is_included(
            leaf=hashes[index], index=index, size=70_000, proof=proof, root=root
        )


# --- Notes ---------------------------------------------------------------------------

SIGNER = Signer.of_seed("clinica.test/journal", b64encode(bytes(range(32))).decode())
HEAD = Head("clinica.test/journal", 7, bytes(32))


def test_a_note_says_what_was_signed() -> None:
    note = SIGNER.sign(HEAD.text)
    assert note.startswith(
        "clinica.test/journal\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— "
    )
    assert opened(note, [SIGNER.verifier]) == HEAD
    assert Verifier.parse(str(SIGNER.verifier)) == SIGNER.verifier


def test_the_public_key_of_gos_sumdb_reads_as_a_vkey() -> None:
    """The format's best known key, from the Go toolchain."""
    vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(Verifier.parse(vkey)) == vkey


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("\n7\n", "\n8\n"),
        ("\n7\n", "\n07\n"),
        ("clinica", "another"),
        ("\n\n", "\n"),
        ("— ", "- "),
        ("AAA=\n", "AAA=\nmore\n"),
    ],
)
def test_a_changed_note_is_refused(was: str, becomes: str) -> None:
    with pytest.raises(BadNote):
        opened(SIGNER.sign(HEAD.text).replace(was, becomes, 1), [SIGNER.verifier])


def test_a_strangers_signature_is_none() -> None:
    stranger = Signer.of_seed(SIGNER.name, b64encode(bytes(32)).decode())
    with pytest.raises(BadNote, match="not signed by a key we know"):
        opened(stranger.sign(HEAD.text), [SIGNER.verifier])
    with pytest.raises(BadNote, match="not a key of the kind"):
        Verifier.parse("x+00000000+AAAA")
    with pytest.raises(BadNote, match="31 bytes"):
        Signer.of_seed("x", b64encode(bytes(31)).decode())
