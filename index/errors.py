"""Every error that the project raises on purpose.

ServiceError
├── InvalidInput        what was sent cannot be used; says where and why
├── NotFound            no such article or passage
├── NotReady            nothing is indexed yet, or a model is still loading
├── Overloaded          too much at once; try again later
├── TooLarge            more bytes than the limit
├── StorageFull         the disk refused a write, which was not acknowledged
├── IndexMismatch       the index was made with another embedding model
├── IndexLocked         another process is writing to this data directory
├── IndexDamaged        the store itself fails its checks
├── ModelUnavailable    weights are missing or are not the expected ones
├── NotAllowed          a running server wants a key, or another one
├── Unreachable         a running server was asked for and does not answer
└── MissingExtra        an optional package is not installed
"""


class ServiceError(Exception):
    """The root: anything below it is shown to the user as it is."""


class InvalidInput(ServiceError):
    """What was sent cannot be used; `pointer` is the JSON pointer (RFC 6901) of the culprit."""

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class NotFound(ServiceError):
    """No such article or passage."""


class NotReady(ServiceError):
    """Nothing is indexed yet, or a model is still loading."""


class Overloaded(ServiceError):
    """Too much at once; try again later."""


class TooLarge(ServiceError):
    """More bytes than the limit."""


class StorageFull(ServiceError):
    """The disk refused a write; nothing of it was acknowledged."""


class IndexMismatch(ServiceError):
    """The index was made with another embedding model."""


class IndexLocked(ServiceError):
    """Another process is writing to this data directory."""


class IndexDamaged(ServiceError):
    """The store itself fails its checks."""


class ModelUnavailable(ServiceError):
    """Model weights are missing or are not the expected ones."""


class NotAllowed(ServiceError):
    """A running server wants a key, or another one."""


class Unreachable(ServiceError):
    """A running server was asked for and does not answer."""


class MissingExtra(ServiceError):
    """An optional package is not installed; the message names the extra."""
