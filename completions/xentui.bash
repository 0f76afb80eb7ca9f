# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# bash-completion reads this file at the first TAB after "xentui".
eval "$(xentui completion bash)"
