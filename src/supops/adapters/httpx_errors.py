"""What went wrong on the way to a platform that is asked with httpx, in words for people.

`tests/adapters/test_http_errors.py` fails when httpx has an exception that is not translated here.
"""

import ssl

import httpx

from supops.adapters.http_errors import Vendor
from supops.errors import NetworkError
from supops.models.redaction import redact


def from_transport(vendor: Vendor, purpose: str, host: str, error: Exception) -> NetworkError:
    """Translate an exception of httpx, raised when no answer or only part of one arrived."""
    hint = f"Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and {vendor.setting}.url."
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        problem = "the connection took too long"
    elif isinstance(error, httpx.TimeoutException):
        problem = "the answer took too long"
    elif _is_certificate_problem(error):
        problem = "its certificate is not trusted"
        hint = "If it is signed by a private CA, set SSL_CERT_FILE to the CA's certificates."
    elif isinstance(error, httpx.ConnectError):
        problem = f"no connection ({error})"
    elif isinstance(error, httpx.ProxyError):
        problem = f"the proxy refused ({error})"
    elif isinstance(error, httpx.DecodingError):
        problem = "the answer's compression is broken"
    elif isinstance(error, httpx.ProtocolError | httpx.NetworkError):
        problem = "the answer broke off"
    else:
        problem = f"{type(error).__name__}: {error}"
    return NetworkError(
        f"{vendor.name} ({host}) could not be asked to {purpose}: {redact(problem)}", hint=hint
    )


def _is_certificate_problem(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
