"""An authority that signs certificates."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


class Authority:
    """An authority, with its certificate, and those that it signs, as files of a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        certificate = self.builder(self.name, self.key, DAY).add_extension(x509.BasicConstraints(True, None), True)
        self.write(self.file, certificate)

    def builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, life: datetime.timedelta):
        """Return the beginnings of a certificate."""
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + life)
        )

    def write(self, file: Path, builder: x509.CertificateBuilder) -> None:
        """Sign a certificate."""
        file.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def sign(
        self, file: str, *attributes: tuple[x509.ObjectIdentifier, str], others=(), life=DAY
    ) -> tuple[str, str]:
        """Return the files of a new certificate, for this machine too, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(*attribute) for attribute in attributes])
        machine = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = self.builder(subject, key, life).add_extension(
            x509.SubjectAlternativeName([*others, *machine]), critical=False
        )
        certificate, secret = self.folder / f"{file}.pem", self.folder / f"{file}.key"
        self.write(certificate, builder)
        secret.touch(0o600)
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return str(certificate), str(secret)

    def common(self, name: str, **options) -> tuple[str, str]:
        """Return the files of a certificate whose subject has a common name."""
        organization = (NameOID.ORGANIZATION_NAME, "site")
        return self.sign(name, organization, (NameOID.COMMON_NAME, name), **options)
