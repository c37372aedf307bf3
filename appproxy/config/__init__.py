"""Settings as frozen values, read from TOML; errors name the key."""

from appproxy.config.connector import (
    CONNECTOR_SETTINGS,
    ConnectorSettings,
    PoolSettings,
    dump_connector,
    load_connector,
)
from appproxy.config.reference import settings_page
from appproxy.config.service import SERVICE_SETTINGS, ServiceLimits, ServiceSettings, dump_service, load_service
from appproxy.config.setting import Setting
from appproxy.config.state import ConnectorPaths, StatePaths
from appproxy.config.values import Address

__all__ = [
    "CONNECTOR_SETTINGS",
    "SERVICE_SETTINGS",
    "Address",
    "ConnectorPaths",
    "ConnectorSettings",
    "PoolSettings",
    "ServiceLimits",
    "ServiceSettings",
    "Setting",
    "StatePaths",
    "dump_connector",
    "dump_service",
    "load_connector",
    "load_service",
    "settings_page",
]
