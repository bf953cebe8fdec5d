"""Every error that reaches a user, and the exit code of each.

::

    SupopsError                 1  anything that went wrong
     ├─ UsageError              2  the command line asks for what cannot be
     │   └─ ConfigError         2  the configuration has mistakes, or lacks what the command needs
     ├─ CredentialError         4  a credential is missing, wrong or not allowed to do this
     │   ├─ Unauthorized        4  the platform does not accept it
     │   └─ Forbidden           4  the platform accepts it, but not for this
     └─ PlatformError           1  a platform refused, could not be reached, or answered nonsense
         ├─ NotFound            1  the platform does not know the thing
         ├─ Conflict            1  the platform has another thing in that place
         ├─ Rejected            1  the platform says that the request makes no sense (another 4xx)
         ├─ Unsure              1  whether the platform did what it was asked is not known
         ├─ NetworkError        1  no answer arrived
         └─ RateLimited         1  the platform's limit outlasted our patience

Outcomes that are not errors have exit codes too: see `ExitCode`. An error's ``message`` says what happened to
which thing; its ``hint`` says what to do next. Neither ever contains a secret.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a pipeline can rely on."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    FINDINGS = 3
    CREDENTIALS = 4
    INCOMPLETE = 5
    INTERRUPTED = 130


class SupopsError(Exception):
    """The root: something went wrong, said in words for people.

    Args:
        message: What happened, to which thing.
        hint: What to do next: a command, a setting, a scope to grant. May be empty, may have several lines.
    """

    exit_code: ExitCode = ExitCode.ERROR

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        # Whoever passes an error on may say more in its message.
        return self.message


class UsageError(SupopsError):
    """The command line asks for what cannot be."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """The configuration has mistakes, or lacks what the command needs."""


class CredentialError(SupopsError):
    """A credential is missing, wrong, or not allowed to do this."""

    exit_code = ExitCode.CREDENTIALS


class Unauthorized(CredentialError):
    """The platform does not accept the credential."""


class Forbidden(CredentialError):
    """The platform accepts the credential, but not for this: a scope or a role is missing."""


class PlatformError(SupopsError):
    """A platform refused, could not be reached, or answered what makes no sense."""


class NotFound(PlatformError):
    """The platform does not know the thing, or does not show it to this credential."""


class Conflict(PlatformError):
    """The platform has another thing already, in the place of the one that was to be made."""


class Rejected(PlatformError):
    """The platform says that the request makes no sense, and did nothing."""


class Unsure(PlatformError):
    """Whether the platform did what it was asked is not known."""


class NetworkError(PlatformError):
    """No answer arrived: name resolution, connection, TLS, time-out, or a body cut short."""


class RateLimited(PlatformError):
    """The platform's limit asks for a longer wait than we accept."""
