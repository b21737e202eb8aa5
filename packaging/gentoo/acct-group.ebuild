# Copyright 2026 The PortSentry developers
# Distributed under the terms of the MIT License

EAPI=8

inherit acct-group

DESCRIPTION="The group of the user that reads packets for net-analyzer/portsentry"

# Any free one.
ACCT_GROUP_ID=-1
