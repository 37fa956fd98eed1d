# Datasource package of the sandbox's machines, see DataSourceHetzner.py beside this file.
