#!/bin/sh
# Runs after the template's packages have changed: tells dom0 that qubes based on this template know the service, so that the settings of a qube offer it. The package
# that was removed and not purged leaves this file behind, and then there is nothing to tell.
if [ -e /usr/lib/systemd/system/clef-client.socket ]; then
	qvm-features-request supported-service.clef-client=1
fi
