"""Where a bundle is measured: this machine, one reached by SSH, a phone by adb, an emulated ARM core."""
