# For The Littlest JupyterHub: /opt/tljh/config/jupyterhub_config.d/efewidgets.py
c = get_config()  # noqa: F821
c.Spawner.default_url = "/efewidgets/"  # who logs in comes to the dashboard; "/lab": to JupyterLab
c.Spawner.http_timeout = 60  # s, when many come in the same minute
