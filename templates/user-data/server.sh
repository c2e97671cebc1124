#!/bin/bash
# Sets up a server, once. What runs on it is said in SSM parameters under the path below; a timer brings the
# server in line with them every minute, so a new image, variable or database needs no new server.
set -euo pipefail
export SITE_PATH={{sh path}} SITE_ROLE={{sh role}} SITE_HOME={{sh home}}

# cloud-init runs this once. systemd repeats it until it comes to its end, so each step may be done again.
if [ "${1-}" != setup ]; then
  install -m 700 "$0" /usr/local/sbin/site-setup
  cat >/etc/systemd/system/site-setup.service <<'UNIT'
[Unit]
Description=Set up this server
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/site-setup setup
StandardOutput=append:/var/log/cloud-init-output.log
StandardError=append:/var/log/cloud-init-output.log
Restart=on-failure
RestartSec=15
[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable site-setup
  exec systemctl start --no-block site-setup
fi

until dnf -y install docker jq logrotate; do sleep 5; done

# The data disk: formatted only if it never was, so a restored snapshot keeps its data.
if [ "$SITE_ROLE" = single ]; then
  for _ in $(seq 60); do [ -b /dev/sdf ] && break; sleep 2; done
  blkid /dev/sdf >/dev/null || mkfs.xfs -L data /dev/sdf
  grep -q LABEL=data /etc/fstab || echo 'LABEL=data /data xfs defaults,nofail 0 2' >>/etc/fstab
  # No container starts without the disk: Docker would create what it mounts, and the database a new one, on another.
  mkdir -p /etc/systemd/system/docker.service.d
  printf '[Unit]\nRequiresMountsFor=/data\n' >/etc/systemd/system/docker.service.d/data.conf
fi
mkdir -p /data
mountpoint -q /data || mount -a
mkdir -p /data/caddy /data/database /etc/site
install -d -m 700 /data/secrets
echo 'd /run/site 0700' >/etc/tmpfiles.d/site.conf
systemd-tmpfiles --create site.conf
# Logs that end, and networks of a block that no VPC has: Docker's own, 172.16.0.0/12, may be this one's or a peer's.
mkdir -p /etc/docker
cat >/etc/docker/daemon.json <<'JSON'
{"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"},
 "bip": "198.18.1.1/24", "default-address-pools": [{"base": "198.18.16.0/20", "size": 24}]}
JSON
echo '/var/log/site.log { size 10M rotate 3 compress copytruncate missingok }' >/etc/logrotate.d/site
systemctl enable --now docker logrotate.timer
# The proxy has a fixed address here, so that containers may know it by the name in a managed database's certificate.
docker network inspect site >/dev/null 2>&1 ||
  docker network create --subnet 198.18.0.0/24 --ip-range 198.18.0.128/25 --gateway 198.18.0.1 site

cat >/usr/local/sbin/site-database <<'PYTHON'
{{> user-data/site-database.py}}
PYTHON

cat >/usr/local/sbin/site-reconcile <<'PYTHON'
{{> user-data/site-reconcile.py}}
PYTHON
chmod 755 /usr/local/sbin/site-*

cat >/etc/systemd/system/site.service <<UNIT
[Unit]
Description=Bring this server in line with its parameters
After=docker.service network-online.target
Wants=docker.service network-online.target
[Service]
Type=oneshot
Environment=SITE_PATH=$SITE_PATH SITE_ROLE=$SITE_ROLE SITE_HOME=$SITE_HOME
ExecStart=/usr/local/sbin/site-reconcile
StandardOutput=append:/var/log/site.log
StandardError=append:/var/log/site.log
UNIT
sed 's/reconcile$/& keep/' /etc/systemd/system/site.service >/etc/systemd/system/site-keep.service
cat >/etc/systemd/system/site.timer <<'UNIT'
[Unit]
Description=Every minute
[Timer]
OnBootSec=5
OnUnitInactiveSec=60
AccuracySec=1
[Install]
WantedBy=timers.target
UNIT
cat >/etc/systemd/system/site-database.service <<'UNIT'
[Unit]
StartLimitIntervalSec=0
[Service]
RestartSec=1
ExecStart=/usr/local/sbin/site-database follow
StandardOutput=append:/var/log/site.log
StandardError=append:/var/log/site.log
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now site.timer site-database

# The site comes first: it runs whether its watcher can be installed or not.
until dnf -y install amazon-cloudwatch-agent; do sleep 5; done
cat >/opt/aws/amazon-cloudwatch-agent/etc/site.json <<JSON
{"agent": {"metrics_collection_interval": 60},
 "metrics": {
  "append_dimensions": {"InstanceId": "\${aws:InstanceId}"},
  "aggregation_dimensions": [["InstanceId"], ["InstanceId", "path"]],
  "metrics_collected": {
   "mem": {"measurement": ["mem_used_percent"]},
   "disk": {"measurement": ["used_percent"], "resources": ["/", "/data"], "drop_device": true}}},
 "logs": {"logs_collected": {"files": {"collect_list": [
  {"file_path": "/var/log/cloud-init-output.log", "log_group_name": "$SITE_PATH/system", "log_stream_name": "{instance_id}/setup"},
  {"file_path": "/var/log/site.log", "log_group_name": "$SITE_PATH/system", "log_stream_name": "{instance_id}/site"}]}}}}
JSON
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s \
  -c file:/opt/aws/amazon-cloudwatch-agent/etc/site.json
systemctl disable site-setup
