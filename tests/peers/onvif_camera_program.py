"""A camera by ipycam, which others wrote: ONVIF with WS-Security, and RTSP. Run by tests/peers/onvif_camera.py.

Usage: onvif_camera_program.py ADDRESS ONVIF_PORT RTSP_PORT USER PASSWORD
"""

import sys
import time

import numpy as np
from ipycam import CameraConfig, IPCamera

FRAMES_PER_SECOND = 5


def main(address: str, onvif_port: str, rtsp_port: str, user: str, password: str) -> None:
    config = CameraConfig(
        name="hall",
        manufacturer="HIKVISION",
        model="DS-2CD",
        local_ip=address,
        onvif_port=int(onvif_port),
        rtsp_port=int(rtsp_port),
        main_width=160,
        main_height=120,
        main_fps=FRAMES_PER_SECOND,
        sub_width=80,
        sub_height=60,
        username=user,
        password=password,
    )
    camera = IPCamera(config)
    if not camera.start():
        sys.exit("the camera did not start")
    picture = np.zeros((120, 160, 3), np.uint8)
    camera.stream(picture)
    print("ready", flush=True)
    while True:
        picture += 1
        camera.stream(picture)
        time.sleep(1 / FRAMES_PER_SECOND)


if __name__ == "__main__":
    main(*sys.argv[1:])
