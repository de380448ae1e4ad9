"""One camera: whether it answers and gives a stream, by ONVIF, RTSP and ISAPI."""
