"""TLS of the API: the certificate it shows, and the one it may ask for."""

from __future__ import annotations

import ssl

from stream_monitor.client.certificates import load_chain, reason
from stream_monitor.config.api import ApiSettings
from stream_monitor.errors import ConfigurationError


def server_context(settings: ApiSettings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer by the settings' files; ``None`` where there are none.

    With ``client_ca_file`` a client has to show a certificate that this authority has signed.

    Raises:
        ConfigurationError: a file cannot be read, or is no certificate or key.
    """
    if settings.cert_file is None or settings.key_file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A connection keeps its keys for its life: nobody makes us work on new ones.
    context.options |= ssl.OP_NO_RENEGOTIATION
    load_chain(context, settings.cert_file, settings.key_file, "api")
    if settings.client_ca_file is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(settings.client_ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigurationError(
                f"api.client_ca_file {settings.client_ca_file} cannot be used: {reason(error)}; "
                "it holds the certificates of authorities in PEM"
            ) from error
    return context
