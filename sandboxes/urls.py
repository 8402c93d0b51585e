from __future__ import annotations

from django.urls import path, register_converter
from django.views.generic import RedirectView

from sandboxes.views import activity, bulk, buttons, creating, listing, metrics, settings, trash

register_converter(buttons.OperationConverter, "operation")

app_name = "sandboxes"
urlpatterns = [
    path("", listing.sandbox_list, name="list"),
    # For people who shorten addresses.
    path("sandboxes/", RedirectView.as_view(pattern_name="sandboxes:list")),
    path("sandboxes/bulk/", bulk.bulk, name="bulk"),
    path("sandboxes/new/", creating.create, name="create"),
    path("sandboxes/<slug:slug>/row/", listing.row, name="row"),
    path("sandboxes/<slug:slug>/head/", settings.head, name="head"),
    path("sandboxes/<slug:slug>/metrics/", metrics.metrics, name="metrics"),
    path("sandboxes/<slug:slug>/metrics.json", metrics.columns, name="metrics_columns"),
    path("sandboxes/<slug:slug>/settings/", settings.settings, name="settings"),
    path("sandboxes/<slug:slug>/settings/<slug:part>/", settings.change, name="change"),
    path("sandboxes/<slug:slug>/<operation:name>/", buttons.operation, name="operation"),
    path("sandboxes/<slug:slug>/delete/", trash.delete, name="delete"),
    path("sandboxes/<slug:slug>/restore/", trash.restore, name="restore"),
    path("sandboxes/<slug:slug>/purge/", trash.purge, name="purge"),
    path("trash/", trash.trash, name="trash"),
    path("sandboxes/<slug:slug>/activity/", activity.of_sandbox, name="activity"),
    path("sandboxes/<slug:slug>/activity/export.<str:kind>", activity.export_of_sandbox, name="export_activity"),
    path("activity/", activity.of_team, name="team_activity"),
    path("activity/export.<str:kind>", activity.export_of_team, name="export_team_activity"),
]
