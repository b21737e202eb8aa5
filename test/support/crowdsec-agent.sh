#!/bin/bash
# Runs the agent of crowdsec over a file of events, with its local API, in a network namespace of its own.
# crowdsec-agent.sh FOLDER EVENTS TYPE: prints the alerts as JSON. FOLDER is empty, and all that is written lies in it.
set -eu
folder=$1 events=$2 type=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
hub=/usr/share/crowdsec/hub
examples=$root/packaging/examples/crowdsec
cd "$folder"
mkdir -p data hub parsers/s00-raw parsers/s01-parse parsers/s02-enrich scenarios notifications plugins
cp "$examples/parser.yaml" parsers/s01-parse/portsentry.yaml
cp "$examples/scenario.yaml" scenarios/portsentry.yaml
cp $hub/parsers/s00-raw/crowdsecurity/syslog-logs.yaml parsers/s00-raw/
cp $hub/parsers/s01-parse/crowdsecurity/suricata-logs.yaml parsers/s01-parse/
cp $hub/parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml parsers/s02-enrich/
cp $hub/scenarios/crowdsecurity/suricata-alerts.yaml scenarios/
cp -r /etc/crowdsec/patterns .
cp /etc/crowdsec/profiles.yaml /etc/crowdsec/simulation.yaml .
touch acquis.yaml credentials.yaml
echo '{"collections":{},"parsers":{},"postoverflows":{},"scenarios":{}}' >hub/.index.json
cat >config.yaml <<YAML
common: { daemonize: false, log_media: stdout, log_level: info, working_dir: . }
config_paths:
  config_dir: $folder
  data_dir: $folder/data
  simulation_path: $folder/simulation.yaml
  hub_dir: $folder/hub
  index_path: $folder/hub/.index.json
  notification_dir: $folder/notifications
  plugin_dir: $folder/plugins
crowdsec_service: { acquisition_path: $folder/acquis.yaml, parser_routines: 1 }
db_config: { type: sqlite, db_path: $folder/data/crowdsec.db, log_level: info }
api:
  client: { credentials_path: $folder/credentials.yaml }
  server: { log_level: info, listen_uri: 127.0.0.1:8080, profiles_path: $folder/profiles.yaml }
prometheus: { enabled: false }
YAML
ip link set lo up
cscli -c config.yaml machines add test --password test --force -f credentials.yaml -u http://127.0.0.1:8080 2>/dev/null
crowdsec -c config.yaml -no-cs >api.log 2>&1 &
api=$!
trap 'kill $api; wait $api || true' EXIT
until curl --silent --output /dev/null http://127.0.0.1:8080/; do
  kill -0 $api
  sleep 0.05
done
crowdsec -c config.yaml -no-api -dsn "file://$events" -type "$type" >agent.log 2>&1
cscli -c config.yaml alerts list -o json 2>/dev/null
