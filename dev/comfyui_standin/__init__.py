"""A stand-in for ComfyUI: the HTTP and WebSocket protocol of ComfyUI 0.33.0, with drawn pictures
instead of a diffusion model. Written from recordings of the real server (Tests/Fixtures/comfyui)
and tested against them (dev/tests).
"""

VERSION = "0.33.0"
