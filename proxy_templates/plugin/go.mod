module wharf.local/holding

go 1.22
