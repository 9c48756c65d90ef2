"""Certificates and keys from their files, with an error that says which file and why."""

from __future__ import annotations

import ssl

from stream_monitor.errors import ConfigurationError


def trusting(ca_file: str | None, where: str) -> ssl.SSLContext:
    """How a server's certificate and name are checked; ``where`` is the setting, for the error.

    Against ``ca_file`` alone where there is one, else against the system's authorities.

    Raises:
        ConfigurationError: the file cannot be read, or holds no certificates.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"{where} {ca_file} cannot be used: {reason(error)}; it holds the certificates of "
            "authorities in PEM"
        ) from error


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
