HTTP/1.1 200 OK
Server: nginx
Date: Tue, 24 Nov 2026 02:35:07 GMT
Content-Type: text/plain
Content-Length: 21
Connection: close

