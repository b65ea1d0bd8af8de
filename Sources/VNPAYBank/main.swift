print("vnpay-bank")
