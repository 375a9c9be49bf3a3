#!/bin/bash
# The generated pages say what the verbs say of themselves now.
set -euo pipefail
exec "$SOURCE_DIR/scripts/docs" --check
