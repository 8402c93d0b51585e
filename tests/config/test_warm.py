"""Before the server listens it has loaded what its first visitor would wait for."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from django.template import Template
from django.template.engine import Engine
from django.template.loaders.cached import Loader

from config.warm import warm_up


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_all_templates_are_loaded_and_nothing_of_it_is_searched_for_garbage() -> None:
    (loader,) = Engine.get_default().template_loaders
    assert isinstance(loader, Loader)
    loader.reset()
    warm_up()
    loaded = {template.name for template in loader.get_template_cache.values() if isinstance(template, Template)}
    assert {"sandboxes/list.html", "sandboxes/_row.html", "404.html", "account/login.html"} <= loaded
    assert gc.get_freeze_count() > 10_000
