print("comfy-lambda")
