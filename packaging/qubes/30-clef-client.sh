#!/bin/sh
# Runs after the template's packages have changed: tells dom0 that qubes based on this template know the service, so that the settings of a qube offer it.
qvm-features-request supported-service.clef-client=1
