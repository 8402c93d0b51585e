from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from sandboxes import views

app_name = "sandboxes"
urlpatterns = [
    path("", views.sandbox_list, name="list"),
    # For people who shorten addresses.
    path("sandboxes/", RedirectView.as_view(pattern_name="sandboxes:list")),
    path("sandboxes/new/", views.create, name="create"),
    path("sandboxes/<slug:slug>/row/", views.row, name="row"),
    path("sandboxes/<slug:slug>/start/", views.start, name="start"),
    path("sandboxes/<slug:slug>/stop/", views.stop, name="stop"),
    path("sandboxes/<slug:slug>/restart/", views.restart, name="restart"),
    path("sandboxes/<slug:slug>/retry/", views.retry, name="retry"),
    path("sandboxes/<slug:slug>/delete/", views.delete, name="delete"),
]
