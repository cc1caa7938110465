#!/bin/sh
# The tests in a virtual machine with Debian 13.
exec "$(dirname "$0")/vm" trixie
