module heapwatch.example/shop

go 1.19
