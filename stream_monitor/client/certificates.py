"""Certificates and keys from their files, with an error that says which file and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl


def load_chain(context: ssl.SSLContext, cert_file: str, key_file: str, where: str) -> None:
    """Have the context show a certificate; ``where`` is the section of settings, for the error.

    Raises:
        ConfigurationError: a file cannot be read, or they are no certificate and its key.
    """
    try:
        # Without a password OpenSSL would ask the terminal for that of an encrypted key.
        context.load_cert_chain(cert_file, key_file, password="")
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"{where}.cert_file {cert_file} and key_file {key_file} cannot be used: "
            f"{reason(error)}; give a certificate and its own key in PEM, the key without a "
            "passphrase"
        ) from error


def reason(error: OSError) -> str:
    """What is wrong, in the system's words and without the file's."""
    return error.strerror or type(error).__name__
