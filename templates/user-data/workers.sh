#!/bin/bash
# Lets a server that runs the whole application run workers too. Systems Manager runs this on a server of any age, before or
# after the server is set up: the program goes beside the one of the user data, and a drop-in has the timer run it.
set -euo pipefail
mkdir -p /usr/local/lib/site /etc/systemd/system/site.service.d /etc/systemd/system/site-keep.service.d
cat >/usr/local/lib/site/reconcile.new <<'PYTHON'
{{> user-data/site-reconcile.py}}
PYTHON
chmod 755 /usr/local/lib/site/reconcile.new
# A run that goes on keeps the file that it reads.
mv /usr/local/lib/site/reconcile.new /usr/local/lib/site/reconcile
printf '[Service]\nExecStart=\nExecStart=/usr/local/lib/site/reconcile\n' >/etc/systemd/system/site.service.d/workers.conf
printf '[Service]\nExecStart=\nExecStart=/usr/local/lib/site/reconcile keep\n' >/etc/systemd/system/site-keep.service.d/workers.conf
systemctl daemon-reload
