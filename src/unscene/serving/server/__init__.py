"""Search photos with a base and a tuned CLIP, on this machine alone: `python -m server`.

This folder stands by itself beside `onnx/`, `base/onnx/` and, perhaps, `index/`. It needs what
requirements.txt names, never the network, and tells nobody anything.
"""
