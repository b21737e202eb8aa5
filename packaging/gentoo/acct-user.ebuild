# Copyright 2026 The PortSentry developers
# Distributed under the terms of the MIT License

EAPI=8

inherit acct-user

DESCRIPTION="The user that reads packets for net-analyzer/portsentry"

# Any free one.
ACCT_USER_ID=-1
ACCT_USER_GROUPS=( _portsentry )

acct-user_add_deps
