"""cloud-init's own Hetzner datasource with one thing replaced: where SMBIOS vendor and serial number come from.

cloud-init does not look at DMI inside a container, so the sandbox binds the two values into the machine as files.
Metadata, user data, instance IDs and network configuration are the stock code's."""

from cloudinit import sources
from cloudinit.sources import DataSourceHetzner as stock

DMI = "/run/kreisraum-sandbox/dmi/"


def _read(name):
    try:
        with open(DMI + name) as f:
            return f.read().strip()
    except OSError:
        return None


def _hcloud_data():
    if _read("sys_vendor") != "Hetzner":
        return (False, None)
    serial = _read("product_serial")
    if not serial:
        raise RuntimeError("Hetzner Cloud detected, but no serial found")
    return (True, serial)


stock.get_hcloud_data = _hcloud_data


class DataSourceHetzner(stock.DataSourceHetzner):
    def check_instance_id(self, sys_cfg):
        return _read("product_serial") == self.get_instance_id()


datasources = [(DataSourceHetzner, (sources.DEP_FILESYSTEM,))]


def get_datasource_list(depends):
    return sources.list_from_depends(depends, datasources)
