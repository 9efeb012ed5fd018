"""The commands: `outsize serve web worker migrate demo token import export backup restore report`."""
