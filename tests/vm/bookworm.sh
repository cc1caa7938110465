#!/bin/sh
# The tests in a virtual machine with Debian 12.
exec "$(dirname "$0")/vm" bookworm
